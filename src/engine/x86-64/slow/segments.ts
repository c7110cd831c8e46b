// Segment registers, and the tables that describe segments. Specification: Intel SDM volume 2 and 3.
import { generalProtection, undefinedOpcode } from "../fault.js";
import {
  addressOf,
  canonical,
  type Machine,
  numberOf,
  pop,
  push,
  readOperand,
  type Slow,
  writeOperand,
} from "../machine.js";
import { type Descriptor, segmentNumbers } from "../segments.js";
import { stackSize } from "./stack.js";

const RSP = 4;
const ZF = 0x40;

const tableOf = (m: Machine, name: "gdt" | "idt") => m.segments[name];

const loadTable =
  (name: "gdt" | "idt"): Slow =>
  (m, i) => {
    const at = addressOf(m, i.operands[0]);
    const limit = Number(m.memory.read(at, 2));
    const base = canonical(m.memory.read(at + 2, m.mode === 64 ? 8 : 4));
    Object.assign(tableOf(m, name), { base, limit });
  };

const storeTable =
  (name: "gdt" | "idt"): Slow =>
  (m, i) => {
    const { base, limit } = tableOf(m, name);
    m.memory.writeBytes(addressOf(m, i.operands[0]), 10, (view, at) => {
      view.setUint16(at, limit, true);
      view.setBigInt64(at + 2, BigInt(base), true);
    });
  };

const verify =
  (access: "readable" | "writable"): Slow =>
  (m, i) => {
    const selector = Number(readOperand(m, i.operands[0]) & 0xffffn);
    m.cpu.setStatus(ZF, m.segments.allows(selector, access) ? ZF : 0);
  };

/** System segments that are told of: LDT and TSS, and for LAR call gates. */
const descriptorTypes = { LAR: [2, 9, 11, 12], LSL: [2, 9, 11] } as const;

const describeSegment =
  (f: (d: Descriptor) => number, systemTypes: readonly number[]): Slow =>
  (m, i) => {
    const selector = Number(readOperand(m, i.operands[1]) & 0xffffn);
    const found = m.segments.look(selector, systemTypes);
    if (found !== undefined) writeOperand(m, i.operands[0], BigInt.asUintN(i.operandWidth, BigInt(f(found))));
    m.cpu.setStatus(ZF, found === undefined ? 0 : ZF);
  };

const attributesOf = ({ attributes }: Descriptor) => attributes & 0x00ff_ff00;
const limitOf = ({ limit }: Descriptor) => limit;

/** A register and a segment register from an offset and a selector in memory. */
const loadFar =
  (segment: number): Slow =>
  (m, i) => {
    const at = addressOf(m, i.operands[1]);
    const size = i.operandWidth / 8;
    const offset = m.memory.read(at, size);
    m.segments.load(segment, Number(m.memory.read(at + size, 2)));
    writeOperand(m, i.operands[0], offset);
  };

export const segmentInstructions: Record<string, Slow> = {
  LGDT: loadTable("gdt"),
  LIDT: loadTable("idt"),
  SGDT: storeTable("gdt"),
  SIDT: storeTable("idt"),
  LTR: (m, i) => m.segments.loadTask(Number(readOperand(m, i.operands[0]))),
  STR: (m, i) => writeOperand(m, i.operands[0], BigInt(m.segments.task.selector)),
  LLDT: (m, i) => {
    const selector = Number(readOperand(m, i.operands[0]));
    if ((selector & 0xfffc) !== 0) throw generalProtection("LLDT of a table", selector & 0xfffc);
    m.segments.ldt.selector = selector;
  },
  SLDT: (m, i) => writeOperand(m, i.operands[0], BigInt(m.segments.ldt.selector)),
  VERR: verify("readable"),
  VERW: verify("writable"),
  LAR: describeSegment(attributesOf, descriptorTypes.LAR),
  LSL: describeSegment(limitOf, descriptorTypes.LSL),
  LSS: loadFar(segmentNumbers.SS),
  LFS: loadFar(segmentNumbers.FS),
  LGS: loadFar(segmentNumbers.GS),
  "MOV Sreg": (m, i) => {
    const [to, from] = i.operands;
    if (to?.kind === "segment") {
      if (to.index === segmentNumbers.CS || to.index > 5) throw undefinedOpcode("MOV to CS");
      m.segments.load(to.index, Number(readOperand(m, from) & 0xffffn));
      if (to.index === segmentNumbers.SS) m.holdTraps();
    } else {
      if (numberOf(from) > 5) throw undefinedOpcode("MOV from no segment register");
      writeOperand(m, to, BigInt(m.segments.selectors[numberOf(from)] ?? 0));
    }
  },
  "PUSH Sreg": (m, i) => {
    push(m, stackSize(i), BigInt(m.segments.selectors[numberOf(i.operands[0])] ?? 0));
  },
  "POP Sreg": (m, i) => {
    const size = stackSize(i);
    const value = m.memory.read(canonical(m.cpu.gpr(RSP)), size);
    m.segments.load(numberOf(i.operands[0]), Number(value & 0xffffn));
    pop(m, size);
  },
};
