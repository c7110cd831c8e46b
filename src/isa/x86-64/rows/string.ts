// String instructions: all slow, the interpreter's (and the translator's own) to do. Intel SDM volume 2.
import { rows } from "../instruction.js";

const hex = (value: number) => value.toString(16).toUpperCase();

const family = (name: string, opcode: number) => {
  return [
    ...rows(`${name}B`, { repeat: true }, hex(opcode)),
    ...rows(`${name}W`, { repeat: true }, `66 ${hex(opcode + 1)}`),
    ...rows(`${name}D`, { repeat: true }, hex(opcode + 1)),
    ...rows(`${name}Q`, { repeat: true }, `REX.W + ${hex(opcode + 1)}`),
  ];
};

/** Between a port and memory: never of 64 bits. */
const ports = (name: string, opcode: number) => [
  ...rows(`${name}B`, { repeat: true }, hex(opcode)),
  ...rows(`${name}W`, { repeat: true }, `66 ${hex(opcode + 1)}`),
  ...rows(`${name}D`, { repeat: true }, hex(opcode + 1), `REX.W + ${hex(opcode + 1)}`),
];

export const stringRows = [
  ...family("MOVS", 0xa4),
  ...family("CMPS", 0xa6),
  ...family("STOS", 0xaa),
  ...family("LODS", 0xac),
  ...family("SCAS", 0xae),
  ...ports("INS", 0x6c),
  ...ports("OUTS", 0x6e),
];
