// TextEncoderStream and TextDecoderStream (WHATWG Encoding 8), and the strategies of queues (WHATWG Streams 6.2).
import { encodeText, TextDecoder } from "./encoding";
import { TransformStream } from "./streams";

export class TextEncoderStream extends TransformStream<string, Uint8Array<ArrayBuffer>> {
  readonly encoding = "utf-8";

  constructor() {
    // The first half of a pair waits for the second.
    let half = "";
    super({
      transform(chunk, controller) {
        const text = half + String(chunk);
        half = /[\ud800-\udbff]$/.exec(text)?.[0] ?? "";
        const whole = text.slice(0, text.length - half.length);
        if (whole !== "") controller.enqueue(encodeText(whole));
      },
      flush(controller) {
        if (half !== "") controller.enqueue(encodeText(half));
      },
    });
  }
}

export class TextDecoderStream extends TransformStream<ArrayBuffer | ArrayBufferView, string> {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;

  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }) {
    const decoder = new TextDecoder(label, options);
    super({
      transform(chunk, controller) {
        const text = decoder.decode(chunk, { stream: true });
        if (text !== "") controller.enqueue(text);
      },
      flush(controller) {
        const text = decoder.decode();
        if (text !== "") controller.enqueue(text);
      },
    });
    this.encoding = decoder.encoding;
    this.fatal = decoder.fatal;
    this.ignoreBOM = decoder.ignoreBOM;
  }
}

export class CountQueuingStrategy {
  readonly highWaterMark: number;

  constructor({ highWaterMark }: { highWaterMark: number }) {
    this.highWaterMark = highWaterMark;
  }

  size(): number {
    return 1;
  }
}

export class ByteLengthQueuingStrategy {
  readonly highWaterMark: number;

  constructor({ highWaterMark }: { highWaterMark: number }) {
    this.highWaterMark = highWaterMark;
  }

  size(chunk: { readonly byteLength: number }): number {
    return chunk.byteLength;
  }
}
