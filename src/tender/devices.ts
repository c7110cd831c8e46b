// Opens a plan's devices, whoever runs it: how each kind is opened is the host's.
import { captured } from "../net/pcap.js";
import type { BlockDevice, Clock } from "../device/contract.js";
import type { NetDevice } from "../net/contract.js";
import type { GuestDevice, GuestHost } from "../targets/contract.js";
import type { Instrument } from "./instrument.js";
import type { Vcpu } from "../engine/contract.js";

/** How a host opens the devices of a plan; what it opens is closed with the run. Each throws Solo5Error. */
export interface DeviceOpeners<D extends GuestDevice> {
  net(device: Extract<D, { readonly type: "NET_BASIC" }>): NetDevice;
  block(device: Extract<D, { readonly type: "BLOCK_BASIC" }>): BlockDevice;
}

/** The devices by handle. */
export function openDevices<D extends GuestDevice>(
  devices: readonly D[],
  { net, block }: DeviceOpeners<D>,
): Pick<GuestHost, "nets" | "blocks"> {
  const nets = new Map<number, NetDevice>();
  const blocks = new Map<number, BlockDevice>();
  for (const device of devices) {
    if (device.type === "NET_BASIC")
      nets.set(device.handle, net(device as Extract<D, { readonly type: "NET_BASIC" }>));
    else blocks.set(device.handle, block(device as Extract<D, { readonly type: "BLOCK_BASIC" }>));
  }
  return { nets, blocks };
}

/** Takes the bytes of a capture file. */
type CaptureSink = (data: Uint8Array) => void;

/** Captures, by handle: they see what a recorder has written down already. */
export function captures(sinks: ReadonlyMap<number, CaptureSink>, clock: Clock): Instrument<Vcpu> {
  const seen = ([handle, net]: readonly [number, NetDevice]): readonly [number, NetDevice] => {
    const sink = sinks.get(handle);
    return [handle, sink === undefined ? net : captured(net, sink, clock)];
  };
  return { host: (host) => ({ ...host, nets: new Map([...host.nets].map(seen)) }) };
}
