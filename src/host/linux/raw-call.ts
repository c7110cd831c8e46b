// The raw system call, which all that asks the kernel for what Node does not have goes through: here by the C library's syscall(2).
// host/script has the same for the small program that src/oci is without Node; build/runners puts one in the other's place.
import { libc } from "../posix/libc.js";

type Long = number | bigint;
export type RawArguments = readonly [a: Long, b: Long, c: Long, d: Long, e: Long, f: Long];

/** The result, or -errno. Throws Solo5Error `NO_KOFFI`. */
export function rawCall(number: number, args: RawArguments): number {
  const { syscall, errno } = libc();
  const result = syscall(number, ...args);
  return result === -1 ? -errno() : Number(result);
}

/** Where the bytes lie, as long as somebody holds them. */
export const addressOf = (data: Uint8Array): bigint => BigInt(libc().addressOf(data));
