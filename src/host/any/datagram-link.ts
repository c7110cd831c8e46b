// A segment that is shared with one other process by UDP, a datagram a frame: QEMU's `-netdev dgram`.
import { createSocket } from "node:dgram";
import { isFrameLength } from "../../net/contract.js";
import type { Segment } from "../../net/segment.js";
import type { DatagramAddress, HostPort } from "../../net/source.js";

const isThere = (
  from: { readonly address: string; readonly port: number },
  { host, port }: HostPort,
): boolean => from.port === port && from.address === host;

/** Joins `segment` to the one at `remote`. `failed` gets the error that keeps it from that. */
export function linkDatagrams(
  segment: Segment,
  { local, remote }: DatagramAddress,
  failed: (error: Error) => void,
): { close(): void } {
  const port = segment.port();
  const socket = createSocket(local.host.includes(":") ? { type: "udp6", ipv6Only: true } : { type: "udp4" });
  socket.on("error", failed);
  socket.on("message", (frame, from) => {
    // Whoever else sends here is nobody of this segment.
    if (isThere(from, remote) && isFrameLength(port, frame.length)) port.write(frame);
  });
  socket.bind(local.port, local.host, () => {
    port.onReadable(() => {
      // What cannot be sent is lost, as on a wire.
      for (let frame; (frame = port.read()) !== undefined;)
        socket.send(frame, remote.port, remote.host, () => {});
    });
  });
  return {
    close() {
      port.close();
      socket.close();
    },
  };
}
