// A segment that is shared with one other process by UDP, a datagram a frame: QEMU's `-netdev dgram`, or by a key.
import { createSocket } from "node:dgram";
import { isFrameLength } from "../../net/contract.js";
import type { Segment } from "../../net/segment.js";
import type { DatagramAddress, HostPort } from "../../net/source.js";
import { readKey } from "./frame-code.js";
import { keyedDatagrams } from "./keyed-datagrams.js";

/** Milliseconds before the other side is greeted again: it may not be there yet. */
const greetMsecs = 1000;

const isThere = (
  from: { readonly address: string; readonly port: number },
  { host, port }: HostPort,
): boolean => from.port === port && from.address === host;

/** Joins `segment` to the one at `remote`. `failed` gets the error that keeps it from that. */
export function linkDatagrams(
  segment: Segment,
  { local, remote, keyFile }: DatagramAddress,
  failed: (error: Error) => void,
): { close(): void } {
  const key = keyFile === undefined ? undefined : readKey(keyFile);
  const port = segment.port();
  const socket = createSocket(local.host.includes(":") ? { type: "udp6", ipv6Only: true } : { type: "udp4" });
  socket.on("error", failed);
  const receive = (frame: Uint8Array): void => {
    if (isFrameLength(port, frame.length)) port.write(frame);
  };
  // What cannot be sent is lost, as on a wire.
  const send = (bytes: Uint8Array): void => socket.send(bytes, remote.port, remote.host, () => {});
  const keyed = key && keyedDatagrams(key, { receive, send, now: () => performance.now() });
  const greeting =
    keyed &&
    setInterval(() => {
      if (!keyed.isReady) keyed.greet();
    }, greetMsecs);
  socket.on("message", (bytes, from) => {
    // Whoever else sends here is nobody of this segment.
    if (isThere(from, remote)) (keyed?.push ?? receive)(bytes);
  });
  socket.bind(local.port, local.host, () => {
    keyed?.greet();
    port.onReadable(() => {
      for (let frame; (frame = port.read()) !== undefined;) (keyed?.sendFrame ?? send)(frame);
    });
  });
  return {
    close() {
      clearInterval(greeting);
      port.close();
      socket.close();
    },
  };
}
