// Classic BPF for seccomp filters: instructions with named jumps. Linux, include/uapi/linux/filter.h and seccomp.h.
import { encode, struct, u16, u32, u64, u8, viewOf } from "../bytes/struct.js";

export const sockFilter = struct(8, { code: u16, jt: u8, jf: u8, k: u32 });
export const maxInstructions = 4096;

const sockFprog = struct(16, { len: u16, filter: u64 });

/** struct sock_fprog for a program of `size` bytes that lies at `address`. */
export const encodeFprog = (size: number, address: number): Uint8Array =>
  encode(sockFprog, { len: size / sockFilter.size, filter: BigInt(address) });

/** Where struct seccomp_data holds what. */
export const seccompData = { nr: 0, arch: 4, arg: (index: number): number => 16 + 8 * index } as const;
export const seccompReturn = { killProcess: 0x8000_0000, allow: 0x7fff_0000 } as const;

const code = {
  loadWord: 0x20,
  jumpAlways: 0x05,
  jumpEqual: 0x15,
  jumpGreater: 0x25,
  jumpGreaterEqual: 0x35,
  return: 0x06,
} as const;

export type BpfInstruction =
  | { readonly op: "label"; readonly name: string }
  | { readonly op: "load"; readonly offset: number }
  | { readonly op: "return"; readonly value: number }
  | { readonly op: "goto"; readonly to: string }
  /** Goes to `yes` or `no` (at most 255 instructions on), or to the next instruction where that is absent. */
  | {
      readonly op: "equal" | "greater" | "greaterEqual";
      readonly value: number;
      readonly yes?: string;
      readonly no?: string;
    };

/** Lays a program out in bytes. Throws RangeError for what a filter cannot hold. */
export function assembleBpf(program: readonly BpfInstruction[]): Uint8Array {
  const labels = new Map<string, number>();
  let count = 0;
  for (const instruction of program) {
    if (instruction.op === "label") labels.set(instruction.name, count);
    else count++;
  }
  if (count > maxInstructions)
    throw new RangeError(`a filter of ${count} instructions, ${maxInstructions} at most`);
  const data = new Uint8Array(count * sockFilter.size);
  const view = viewOf(data);
  let at = 0;
  const distance = (label: string | undefined): number => {
    if (label === undefined) return 0;
    const to = labels.get(label);
    if (to === undefined || to <= at) throw new RangeError(`no label ${label} ahead`);
    return to - at - 1;
  };
  const near = (label: string | undefined): number => {
    const jump = distance(label);
    if (jump > 255) throw new RangeError(`label ${label} is ${jump} instructions away, 255 at most`);
    return jump;
  };
  for (const instruction of program) {
    if (instruction.op === "label") continue;
    const put = (code: number, k: number, jt = 0, jf = 0): void =>
      sockFilter.write(view, at * sockFilter.size, { code, jt, jf, k });
    if (instruction.op === "load") put(code.loadWord, instruction.offset);
    else if (instruction.op === "return") put(code.return, instruction.value);
    else if (instruction.op === "goto") put(code.jumpAlways, distance(instruction.to));
    else {
      const test = { equal: code.jumpEqual, greater: code.jumpGreater, greaterEqual: code.jumpGreaterEqual }[
        instruction.op
      ];
      put(test, instruction.value, near(instruction.yes), near(instruction.no));
    }
    at++;
  }
  return data;
}
