// Where a guest's console goes: to the program that runs it, as calls or as a stream, or to what the host has for it.
import type { Console } from "../device/contract.js";

export interface GuestOutput {
  /** What the guest is given. */
  readonly console: Console;
  /** Made when it is first asked for; what the guest writes from then on goes there. */
  readonly stream: ReadableStream<Uint8Array>;
  /** The guest has ended, or could not be started. */
  end(error?: unknown): void;
}

/** `own` is the program's console; where it has none, and asks for no stream, output goes to `otherwise`. */
export function guestOutput(own: Console | undefined, otherwise: Console): GuestOutput {
  let stream: ReadableStream<Uint8Array> | undefined;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let settle: ((end: ReadableStreamDefaultController<Uint8Array>) => void) | undefined;
  return {
    console: {
      write(data) {
        own?.write(data);
        controller?.enqueue(new Uint8Array(data));
        if (own === undefined && stream === undefined) otherwise.write(data);
      },
    },
    get stream() {
      stream ??= new ReadableStream<Uint8Array>({
        start(begun) {
          if (settle === undefined) controller = begun;
          else settle(begun);
        },
        cancel() {
          controller = undefined;
        },
      });
      return stream;
    },
    end(error) {
      settle = (open) => (error === undefined ? open.close() : open.error(error));
      if (controller !== undefined) settle(controller);
      controller = undefined;
    },
  };
}
