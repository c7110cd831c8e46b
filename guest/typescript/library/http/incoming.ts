// The bodies of requests, as their handlers read them.
import { ReadableStream } from "../streams";
import { HttpError, type Framing, type Reader } from "./wire";

/** The body of a request, which is read by the handler or skipped. */
export class Incoming {
  readonly hasBody: boolean;
  readonly #parts: AsyncGenerator<Uint8Array, void> | undefined;
  readonly #alive: () => void;
  #left: number;
  #isDone: boolean;

  constructor(reader: Reader, framing: Framing, maxBodyBytes: number, alive: () => void) {
    this.hasBody = framing.kind !== "length" || framing.length > 0;
    if (framing.kind === "length" && framing.length > maxBodyBytes)
      throw new HttpError(413, "the body is too large");
    this.#left = maxBodyBytes;
    this.#isDone = !this.hasBody;
    this.#parts = this.hasBody ? reader.body(framing) : undefined;
    this.#alive = alive;
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#isDone || this.#parts === undefined) return undefined;
    this.#alive();
    const { done, value } = await this.#parts.next();
    if (done === true) {
      this.#isDone = true;
      return undefined;
    }
    this.#left -= value.length;
    if (this.#left < 0) throw new HttpError(413, "the body is too large");
    return value;
  }

  stream(): ReadableStream<Uint8Array> | undefined {
    if (!this.hasBody) return undefined;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const part = await this.#next();
          if (part === undefined) controller.close();
          else controller.enqueue(part);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Reads what the handler has left, if it is little; whether the next request is in reach. */
  async skip(): Promise<boolean> {
    for (let bytes = 0; bytes < 262_144;) {
      const part = await this.#next();
      if (part === undefined) return true;
      bytes += part.length;
    }
    return false;
  }
}
