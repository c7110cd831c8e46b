// A domain's network: two rings, and the device behind them. Xen's public header io/netif.h; docs/abi.md 11.7.
import { netRxRing, netTxRing } from "../../../abi/xen.js";
import { result } from "../../../abi/start.js";
import { hexText } from "../../../bytes/hex.js";
import { isFrameLength, type NetDevice } from "../../../net/contract.js";
import type { DeviceTrace } from "../../contract.js";
import type { Driver } from "./back-end.js";
import { closeLink, openLink, stateOfLink, type Domain, type Link } from "./link.js";
import { receive } from "./net-receive.js";
import { transmit } from "./net-transmit.js";
import { backRing, type BackRing, type RingShape } from "./ring.js";

export interface NetBack extends Driver {
  /** Moves frames both ways; whether there were any. */
  pump(): boolean;
}

/** By the order of the rings' grants. */
const [transmitRing, receiveRing] = [0, 1];
const ringKeys = ["tx-ring-ref", "rx-ring-ref"] as const;
const shapes: readonly RingShape[] = [netTxRing, netRxRing];

export function createNetBack(
  name: string,
  net: NetDevice,
  mac: Uint8Array,
  domain: Domain,
  deviceTrace: DeviceTrace,
): NetBack {
  const { memory, grants, events } = domain;
  let link: Link | undefined;
  let takesChains = false;
  const tell = (what: string, frame: Uint8Array, isTaken: boolean): void =>
    deviceTrace?.({
      device: name,
      name: what,
      args: [frame, frame.length],
      results: isTaken ? [] : ["lost"],
    });
  const ringOf = (index: number): BackRing | undefined => {
    const [ring, shape] = [link?.rings[index], shapes[index]];
    return ring === undefined || shape === undefined ? undefined : backRing(memory, shape, ring);
  };
  const push = (ring: BackRing): void => {
    if (ring.push() && link !== undefined) events.notify(link.port);
  };
  const send = (frame: Uint8Array): boolean => {
    if (!isFrameLength(net, frame.length)) return false;
    // A frame that the host does not take is lost, as on a cable.
    tell("transmit", frame, net.write(frame) === result.ok);
    return true;
  };
  const sendAll = (): boolean => {
    const ring = ringOf(transmitRing);
    const hasSent = ring !== undefined && transmit(ring, grants, send);
    if (hasSent) push(ring);
    return hasSent;
  };
  const receiveAll = (): boolean => {
    const ring = ringOf(receiveRing);
    let hasMoved = false;
    while (net.readable) {
      const frame = net.read();
      if (frame === undefined) break;
      // Without a guest that listens, or pages for it, a frame is lost, as a card loses it.
      const isTaken = ring !== undefined && receive(ring, grants, frame, takesChains);
      tell("receive", frame, isTaken);
      hasMoved = true;
    }
    if (hasMoved && ring !== undefined) push(ring);
    return hasMoved;
  };
  const heard = (): void => void sendAll();
  return {
    type: "vif",
    frontKeys: { mac: hexText(mac, ":"), mtu: `${net.mtu}` },
    backKeys: {
      mac: hexText(mac, ":"),
      "feature-rx-copy": "1",
      "feature-rx-flip": "0",
      "feature-sg": "1",
      "feature-rx-notify": "1",
    },
    connect(front) {
      if (front.number("request-rx-copy") !== 1) return false;
      takesChains = front.number("feature-sg") === 1;
      link = openLink(domain, front, ringKeys, heard);
      ringOf(transmitRing)?.wantEvent();
      sendAll();
      return link !== undefined;
    },
    disconnect() {
      if (link !== undefined) closeLink(domain, link);
      link = undefined;
    },
    pump() {
      const hasSent = sendAll();
      return receiveAll() || hasSent;
    },
    stateful: stateOfLink(
      () => ({ link, takesChains }),
      (saved) => {
        ({ link, takesChains } = saved);
        if (link !== undefined) events.connect(link.port, heard);
      },
    ),
  };
}
