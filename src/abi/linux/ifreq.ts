// struct ifreq and the questions about interfaces that go with it: netdevice(7).
import { bytes, encode, struct, u16, viewOf } from "../../bytes/struct.js";
import { encodeText, textUntilNul } from "../../bytes/text.js";
import { ifreqSize, interfaceNameMax } from "./syscalls.js";

/** The name, then a union of which we use the first 16 bits (flags, MTU). */
export const ifreq = struct(ifreqSize, { name: bytes(interfaceNameMax + 1), value: u16, rest: bytes(22) });

export const ifrequest = (name: string, value = 0): Uint8Array =>
  encode(ifreq, { name: encodeText(name), value, rest: new Uint8Array() });

export function readIfreq(data: Uint8Array): { readonly name: string; readonly value: number } {
  const { name, value } = ifreq.read(viewOf(data), 0);
  return { name: textUntilNul(name), value };
}
