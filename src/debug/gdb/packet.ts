// The framing of gdb's remote serial protocol: `$data#checksum`, escapes, acknowledgements and the interrupt. GDB manual,
// appendix E.1. Data is text with a byte a character, so that binary and hexadecimal commands are read the same way.

/** One thing that gdb sent. */
export type Item =
  | { readonly kind: "packet"; readonly data: string }
  | { readonly kind: "ack" }
  | { readonly kind: "nak" }
  /** ^C in the debugger: a lone byte 3 between packets. */
  | { readonly kind: "interrupt" }
  /** A packet with a wrong checksum, a broken escape, or more data than we said we take. */
  | { readonly kind: "damaged" };

/** The data of a packet, at most; what `qSupported` announces. */
export const packetSize = 0x4000;

const byteOf = (char: string): number => char.charCodeAt(0);
const start = byteOf("$");
const end = byteOf("#");
const escape = byteOf("}");
const escapeBit = 0x20;
const interrupt = 3;
const single: Readonly<Record<number, Item>> = {
  [byteOf("+")]: { kind: "ack" },
  [byteOf("-")]: { kind: "nak" },
  [interrupt]: { kind: "interrupt" },
};

const sum = (data: readonly number[]): number => data.reduce((total, byte) => (total + byte) & 0xff, 0);

function unescape(data: readonly number[]): string | undefined {
  let text = "";
  for (let i = 0; i < data.length; i++) {
    let byte = data[i] ?? 0;
    if (byte === escape) {
      const next = data[++i];
      if (next === undefined) return undefined;
      byte = next ^ escapeBit;
    }
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Gives a function that takes what came, in whatever pieces, and tells what is complete. */
export function createPacketReader(): (bytes: Uint8Array) => readonly Item[] {
  /** The packet that is being read; undefined between packets. */
  let body: number[] | undefined;
  let tooLong = false;
  /** The digits of the checksum; undefined before the `#`. */
  let digits: string | undefined;

  const complete = (checksum: string): Item => {
    const data = body ?? [];
    body = undefined;
    const isSum = /^[0-9a-f]{2}$/i.test(checksum) && Number.parseInt(checksum, 16) === sum(data);
    const text = isSum && !tooLong ? unescape(data) : undefined;
    return text === undefined ? { kind: "damaged" } : { kind: "packet", data: text };
  };
  const take = (byte: number): Item | undefined => {
    if (byte === start) {
      // A packet that begins anew: what was read of the one before is lost.
      body = [];
      digits = undefined;
      tooLong = false;
      return undefined;
    }
    if (body === undefined) return single[byte];
    if (digits !== undefined) {
      digits += String.fromCharCode(byte);
      return digits.length < 2 ? undefined : complete(digits);
    }
    if (byte === end) digits = "";
    else if (body.length < packetSize) body.push(byte);
    else tooLong = true;
    return undefined;
  };
  return (bytes) => Array.from(bytes, take).filter((item) => item !== undefined);
}

/** A packet as it goes over the wire. `data` has a byte a character. */
export function encodePacket(data: string): Uint8Array {
  const body: number[] = [];
  for (const char of data) {
    const byte = byteOf(char);
    // `*` would begin a run of repeated characters.
    if ("$#}*".includes(char)) body.push(escape, byte ^ escapeBit);
    else body.push(byte);
  }
  const checksum = sum(body).toString(16).padStart(2, "0");
  return Uint8Array.of(start, ...body, end, byteOf(checksum[0] ?? ""), byteOf(checksum[1] ?? ""));
}
