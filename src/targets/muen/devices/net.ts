// A network device of a muen subject: a channel each way, and the device behind them. docs/abi.md 9.3.
import { stateOfParts, type Stateful } from "../../../bytes/plain.js";
import { frameMax, netChannels, netElement, netProtocol } from "../../../abi/muen.js";
import { encode, viewOf } from "../../../bytes/struct.js";
import type { GuestMemory } from "../../../image/memory.js";
import type { NetDevice } from "../../../net/contract.js";
import type { DeviceTrace } from "../../contract.js";
import { channelReader, channelWriter } from "./channel.js";
import { physicalOf } from "../layout.js";
import type { Region } from "../regions.js";

/** `wait`: the guest has read all that it wants. `tick`: it may not have looked at the channel for long. */
export type Moment = "look" | "wait" | "tick";

export interface MuenNet {
  /** Moves frames both ways; whether there were any. */
  pump(moment: Moment): boolean;
  readonly stateful: Stateful;
}

export function createMuenNet(
  name: string,
  net: NetDevice,
  regions: readonly Region[],
  memory: GuestMemory,
  deviceTrace: DeviceTrace,
): MuenNet {
  const names = netChannels(name);
  const place = (channel: string) => {
    const size = regions.find((region) => region.name === channel)?.size ?? 0;
    return { address: physicalOf(regions, channel), size };
  };
  const incoming = channelWriter(memory, place(names.in), netProtocol);
  const outgoing = channelReader(memory, place(names.out), netProtocol);
  incoming.begin();
  const send = (): boolean => {
    const element = outgoing.read();
    if (element === undefined) return false;
    const length = viewOf(element).getUint16(netElement.offsets.length, true);
    // A guest's own length is not to be trusted.
    if (length > frameMax) return true;
    const frame = element.slice(0, length);
    const result = net.write(frame);
    deviceTrace?.({ device: names.out, name: "write", args: [frame], results: [result], element });
    return true;
  };
  const receive = (): boolean => {
    if (incoming.isFull || !net.readable) return false;
    const frame = net.read();
    if (frame === undefined) return false;
    // What is longer than an element no sender on such a network may send.
    const fits = frame.length <= frameMax;
    const element = fits ? encode(netElement, { data: frame, length: frame.length }) : undefined;
    deviceTrace?.({
      device: names.in,
      name: "read",
      args: [],
      results: [frame],
      ...(element && { element }),
    });
    if (element !== undefined) incoming.write(element);
    return true;
  };
  return {
    pump(moment) {
      let hasMoved = false;
      while (send()) hasMoved = true;
      if (moment === "wait" ? !hasMoved && incoming.isHalfFull : moment === "tick" && incoming.isFull)
        incoming.begin();
      while (receive()) hasMoved = true;
      return hasMoved;
    },
    stateful: stateOfParts({ incoming: incoming.stateful, outgoing: outgoing.stateful }),
  };
}
