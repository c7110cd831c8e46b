// Segments that pages and workers of one origin share, or the threads of a process: each frame is a message of a BroadcastChannel.
import { isFrameLength } from "./contract.js";
import type { Segment } from "./segment.js";

/**
 * Joins `segment` to those that other pages and workers of this origin, or threads of this process, share under the same name. Every frame goes to
 * all of them, as on a wire, until `close`.
 */
export function shareSegment(segment: Segment, name: string): { close(): void } {
  const channel = new BroadcastChannel(`solo5-segment:${name}`);
  const port = segment.port();
  port.onReadable(() => {
    for (let frame; (frame = port.read()) !== undefined;) channel.postMessage(frame);
  });
  channel.addEventListener("message", (event) => {
    // Others of this origin may say anything.
    const { data } = event as unknown as { readonly data: unknown };
    if (data instanceof Uint8Array && isFrameLength(port, data.length)) port.write(data);
  });
  return {
    close() {
      port.close();
      channel.close();
    },
  };
}
