// Segments that pages and workers of one origin share: each frame is a message of a BroadcastChannel.
import { isFrameLength } from "../net/contract.js";
import type { Segment } from "../net/segment.js";

/**
 * Joins `segment` to those of other pages and workers of this origin that are shared under the same name, until `close`. Every frame goes to
 * all of them, as on a wire.
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
