// What stands for the library's functions on x86-64: a few bytes each that make a system call of its number, and one to which
// the application's main function returns. Intel SDM volume 2; System V psABI, section 3.2.3.
import { functionNames, type FunctionName } from "../../../abi/genode.js";

const stubSize = 16;
/** `mov eax, NUMBER; syscall; ret`. SYSCALL takes RCX, where the fourth argument is: R10 keeps it. */
const moveFourth = [0x49, 0x89, 0xca];
const call = (number: number): readonly number[] => [0xb8, number, 0, 0, 0, 0x0f, 0x05, 0xc3];
/** `mov edi, eax`: the first argument is what was returned. */
const moveResult = [0x89, 0xc7];

/** Where the stub of a function lies in them. */
export const stubOffset = (name: FunctionName): number => functionNames.indexOf(name) * stubSize;
/** And the one that ends the unikernel with what its main function returned. */
export const returnOffset = functionNames.length * stubSize;

export function stubs(): Uint8Array {
  const code = new Uint8Array(returnOffset + stubSize).fill(0xcc);
  functionNames.forEach((_, number) => code.set([...moveFourth, ...call(number)], number * stubSize));
  code.set([...moveResult, ...call(functionNames.indexOf("solo5_exit"))], returnOffset);
  return code;
}

export const argumentRegisters = ["rdi", "rsi", "rdx", "r10"] as const;
export const numberRegister = "rax";
export const resultRegister = "rax";

/** At the first instruction; `stack` is where its return address lies. */
export const initialRegisters = (
  entry: number,
  stack: number,
  argument: number,
): Readonly<Record<string, number>> => ({ rip: entry, rsp: stack, rdi: argument });
