// A socket as a pair of web streams. The host's constructors are handed in: the language has none.
import type { Socket } from "./socket.js";

/** The part of the Streams standard's constructors that is used. */
export interface StreamConstructors<R, W> {
  readonly ReadableStream: new (
    source: {
      pull(controller: { enqueue(chunk: Uint8Array): void; close(): void }): Promise<void>;
      cancel(): void;
    },
    strategy: { readonly highWaterMark: number },
  ) => R;
  readonly WritableStream: new (
    sink: { write(chunk: Uint8Array): Promise<void>; close(): void; abort(): void },
    strategy: { readonly highWaterMark: number },
  ) => W;
}

/** Both ends of a socket as streams, which read no further and write no further than they are asked to. */
export function streamsOf<R, W>(
  socket: Socket,
  { ReadableStream, WritableStream }: StreamConstructors<R, W>,
): { readonly readable: R; readonly writable: W } {
  return {
    readable: new ReadableStream(
      {
        async pull(controller) {
          const data = await socket.read();
          if (data === undefined) controller.close();
          else controller.enqueue(data);
        },
        cancel: () => socket.reset(),
      },
      { highWaterMark: 0 },
    ),
    writable: new WritableStream(
      { write: (chunk) => socket.write(chunk), close: () => socket.end(), abort: () => socket.reset() },
      { highWaterMark: 1 },
    ),
  };
}
