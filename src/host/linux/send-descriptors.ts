// Descriptors that go to another process through a socket: SCM_RIGHTS of unix(7).
import { viewOf } from "../../bytes/struct.js";
import { hostCall } from "./host-call.js";
import { addressOf } from "./raw-call.js";

const solSocket = 1;
const scmRights = 1;

/** Sends `data` with `descriptors` as one message. Throws Solo5Error `SYSCALL`: `WHAT: REASON`. */
export function sendDescriptors(
  what: string,
  socket: number,
  data: Uint8Array,
  descriptors: readonly number[],
): void {
  const control = new Uint8Array(16 + Math.ceil(descriptors.length / 2) * 8);
  const cmsg = viewOf(control);
  cmsg.setBigUint64(0, BigInt(16 + descriptors.length * 4), true);
  cmsg.setUint32(8, solSocket, true);
  cmsg.setUint32(12, scmRights, true);
  descriptors.forEach((fd, i) => cmsg.setInt32(16 + 4 * i, fd, true));
  const part = new Uint8Array(16);
  viewOf(part).setBigUint64(0, addressOf(data), true);
  viewOf(part).setBigUint64(8, BigInt(data.length), true);
  const header = new Uint8Array(56);
  const msghdr = viewOf(header);
  msghdr.setBigUint64(16, addressOf(part), true);
  msghdr.setBigUint64(24, 1n, true);
  msghdr.setBigUint64(32, addressOf(control), true);
  msghdr.setBigUint64(40, BigInt(control.length), true);
  hostCall(what, "sendmsg", socket, header, 0);
  // The buffers lie where the header says until here.
  void [part, control, data];
}
