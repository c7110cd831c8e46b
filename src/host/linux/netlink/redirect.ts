// All frames that one interface receives leave by another: an ingress qdisc with a filter that fits everything and an action that
// redirects. What is in a frame that the other interface cannot do (segments, sums) the kernel does before. tc-u32(8), tc-mirred(8);
// linux/pkt_cls.h, tc_act/tc_mirred.h.
import { encode, i32, struct, u16, u32, u8, viewOf } from "../../../bytes/struct.js";
import { attribute, join, messageFlag, nest, text, word } from "./message.js";
import type { Netlink } from "./socket.js";

const ask = messageFlag.request | messageFlag.ack;
const tcmsg = struct(20, {
  family: u8,
  pad1: u8,
  pad2: u16,
  index: i32,
  handle: u32,
  parent: u32,
  info: u32,
});
const type = { newQdisc: 36, deleteQdisc: 37, newFilter: 44 } as const;
const traffic = { kind: 1, options: 2 } as const;
const u32Filter = { classId: 1, selector: 5, action: 7 } as const;
const action = { kind: 1, options: 2 } as const;
const mirred = { parameters: 2 } as const;

const ingressHandle = 0xffff_0000;
const ingressParent = 0xffff_fff1;
/** Priority in the upper half, the protocol in network order in the lower: ETH_P_ALL behind ETH_P_IP. */
const filterInfo = { all: 0x0002_0300, first: 0x0001_0008 } as const;
const stolen = 4;
const egressRedirect = 1;
const terminal = 1;

/** struct tc_u32_sel with one key, which every frame has: 32 bits of which none is looked at. */
const everything = new Uint8Array(16 + 16);
viewOf(everything).setUint8(0, terminal);
viewOf(everything).setUint8(2, 1);

const head = (index: number, handle: number, parent: number, info: number): Uint8Array =>
  encode(tcmsg, { family: 0, pad1: 0, pad2: 0, index, handle, parent, info });

/** Frames that `from` receives are sent by `to`; both are numbers of interfaces. The errno, or 0: EEXIST where it has an ingress qdisc. */
export function redirect(netlink: Netlink, from: number, to: number): number {
  const { errno } = netlink.ask({
    type: type.newQdisc,
    flags: ask | messageFlag.create | messageFlag.exclusive,
    body: join([head(from, ingressHandle, ingressParent, 0), text(traffic.kind, "ingress")]),
  });
  if (errno !== 0) return errno;
  // struct tc_mirred: index, capabilities, action, two counters, what is done, the interface.
  const parameters = new Uint8Array(28);
  viewOf(parameters).setInt32(8, stolen, true);
  viewOf(parameters).setInt32(20, egressRedirect, true);
  viewOf(parameters).setUint32(24, to, true);
  return netlink.ask({
    type: type.newFilter,
    flags: ask | messageFlag.create | messageFlag.exclusive,
    body: join([
      head(from, 0, ingressHandle, filterInfo.all),
      text(traffic.kind, "u32"),
      nest(
        traffic.options,
        attribute(u32Filter.selector, everything),
        nest(
          u32Filter.action,
          nest(
            1,
            text(action.kind, "mirred"),
            nest(action.options, attribute(mirred.parameters, parameters)),
          ),
        ),
      ),
    ]),
  }).errno;
}

/** Packets to the address, IPv4's, stay its own for all that. The errno, or 0. */
export function passFor(netlink: Netlink, from: number, address: Uint8Array): number {
  const receiverAt = 16;
  const selector = everything.slice();
  selector.fill(0xff, 16, 20);
  selector.set(address, 20);
  viewOf(selector).setInt32(24, receiverAt, true);
  return netlink.ask({
    type: type.newFilter,
    flags: ask | messageFlag.create | messageFlag.exclusive,
    body: join([
      head(from, 0, ingressHandle, filterInfo.first),
      text(traffic.kind, "u32"),
      // A class without an action: what follows is not asked.
      nest(traffic.options, word(u32Filter.classId, 0x0001_0001), attribute(u32Filter.selector, selector)),
    ]),
  }).errno;
}

/** Frames that an interface receives are its own again. The errno, or 0. */
export const stopRedirect = (netlink: Netlink, from: number): number =>
  netlink.ask({
    type: type.deleteQdisc,
    flags: ask,
    body: join([head(from, ingressHandle, ingressParent, 0), text(traffic.kind, "ingress")]),
  }).errno;
