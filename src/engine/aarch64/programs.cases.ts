// Machine code of aarch64 for the cases that every virtual CPU passes, with its instructions beside it: a process, whose system calls
// say what is in X0.
import { type CasePrograms, hex32, last, layout, putHex } from "../vcpu.cases.js";

const words = (...some: readonly number[]): string => some.map(hex32).join("");
/** MOV X0, #N; SVC #0 */
const say = (value: number): string => words(0xd280_0000 | (value << 5), 0xd400_0001);
const end = say(last);
/** ADD X2, X2, #1 */
const count = words(0x9100_0442);

export const programs: CasePrograms = {
  registers: { pc: "pc", counter: "x2", unused: "x20" },
  start(vcpu, program) {
    putHex(vcpu, layout.code, program);
    vcpu.registers.set("pc", BigInt(layout.code));
  },
  heard: ({ registers }, exit) => (exit.kind === "syscall" ? Number(registers.get("x0")) : undefined),
  speech: `${say(1)}${say(2)}${end}`,
  // MOV X1, #0x200000; STR XZR, [X1]
  trespass: `${words(0xd2a0_0401, 0xf900_003f)}${end}`,
  // L: ADD X2, X2, #1; B L
  endless: `${count}${words(0x17ff_ffff)}`,
  // NOP; NOP
  pause: `${words(0xd503_201f, 0xd503_201f)}${end}`,
  pauseBytes: 4,
  // MOV X1, #0x180000; MOVK X1, #0x2000; MOV W3, #7; STR W3, [X1]
  store: `${words(0xd2a0_0301, 0xf284_0001, 0x5280_00e3, 0xb900_0023)}${end}`,
  counts: `${count}${say(1)}${count}${end}`,
  countsAt: [3n, 6n],
  // MOV X3, #0x86a0; MOVK X3, #1, LSL #16; L: ADD X2, X2, X3; SUBS X3, X3, #1; B.NE L
  sum: `${words(0xd290_d403, 0xf2a0_0023, 0x8b03_0042, 0xf100_0463, 0x54ff_ffc1)}${end}`,
};
