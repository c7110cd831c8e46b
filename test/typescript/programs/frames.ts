// Answers ARP and pings for its address, in plain frames, and ends with the second ping.
import { open } from "solo5:net";

const net = open("service");
const address = [10, 0, 0, 2];
let answered = 0;

const isMine = (frame: Uint8Array, at: number): boolean => address.every((byte, i) => frame[at + i] === byte);

function answerArp(frame: Uint8Array): void {
  const reply = frame.slice(0, 42);
  reply.set(frame.subarray(6, 12), 0);
  reply.set(net.mac, 6);
  reply[21] = 2;
  reply.set(net.mac, 22);
  reply.set(address, 28);
  reply.set(frame.subarray(22, 32), 32);
  net.send(reply);
}

/** From an echo request to its reply the type goes down by 8, and the checksum up by 0x800. */
function answerPing(frame: Uint8Array): void {
  const reply = frame.slice();
  reply.set(frame.subarray(6, 12), 0);
  reply.set(net.mac, 6);
  reply.set(frame.subarray(26, 30), 30);
  reply.set(frame.subarray(30, 34), 26);
  const sum = (((reply[36] ?? 0) << 8) | (reply[37] ?? 0)) + 0x800;
  const folded = (sum & 0xffff) + (sum >> 16);
  reply.set([0, 0, folded >> 8, folded & 255], 34);
  console.log("ping", net.send(reply), net.mtu);
  if (++answered === 2) net.onFrame(undefined);
}

net.onFrame((frame) => {
  const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  if (type === 0x806 && frame[21] === 1 && isMine(frame, 38)) answerArp(frame);
  else if (type === 0x800 && frame[23] === 1 && frame[34] === 8 && isMine(frame, 30)) answerPing(frame);
});
