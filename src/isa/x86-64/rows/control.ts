// Control flow within the same privilege: JMP, Jcc, CALL, RET, LOOP, JRCXZ, and what does nothing but take time.
// Specification: Intel SDM volume 2.
import { conditions, type Emitter } from "../emitter.js";
import { type Instruction, rows, type Semantics } from "../instruction.js";
import { operand, push, read } from "../operands.js";

const RCX = 1;
const RSP = 4;

function targetOf(i: Parameters<Semantics>[1]): number {
  const found = operand(i, 0);
  if (found.kind !== "target") throw new RangeError(`${i.row.mnemonic} without a target`);
  return found.target;
}

const jump: Semantics = (e, i) => e.jump(targetOf(i));
const jumpTo: Semantics = (e, i) => e.jumpTo(asTarget(e, returnWidth(i), read(e, operand(i, 0))));
const jumpIf =
  (code: number): Semantics =>
  (e, i) =>
    e.jumpIf(e.condition(code), targetOf(i));

/** Return addresses: rows of 32-bit mode say that they are that wide. */
const returnWidth = (i: Instruction) => (i.row.traits.mode === 32 ? 32 : 64);

function pushNext<V>(e: Emitter<V>, i: Instruction): void {
  const width = returnWidth(i);
  push(e, width, e.constant(width, i.next | 0, Math.floor(i.next / 0x1_0000_0000)));
}

const call: Semantics = (e, i) => {
  pushNext(e, i);
  e.call(targetOf(i));
};

/** Targets of 32-bit mode are 64 bits wide with zeros above, like all addresses. */
const asTarget = <V>(e: Emitter<V>, width: 32 | 64, value: V): V =>
  width === 64 ? value : e.extendUnsigned(64, 32, value);

const callTo: Semantics = (e, i) => {
  const target = asTarget(e, returnWidth(i), read(e, operand(i, 0)));
  e.checkTarget(target);
  pushNext(e, i);
  e.callTo(target);
};

const ret: Semantics = (e, i) => {
  const bytes = i.operands[0];
  const width = returnWidth(i);
  const rsp = e.register(64, RSP);
  const target = asTarget(e, width, e.load(width, rsp));
  e.checkTarget(target);
  const size = width / 8 + (bytes?.kind === "immediate" ? bytes.low & 0xffff : 0);
  e.setRegister(64, RSP, e.add(64, rsp, e.constant(64, size)));
  e.ret(target);
};

/** LOOP, LOOPE, LOOPNE: `zf` is what ZF must be, where it counts. */
const loop =
  (zf?: 0 | 1): Semantics =>
  (e, i) => {
    const width = i.addressWidth;
    const count = e.sub(width, e.register(width, RCX), e.constant(width, 1));
    let goes = e.xor(32, e.equal(width, count, e.constant(width, 0)), e.constant(32, 1));
    if (zf === 1) goes = e.and(32, goes, e.flag("ZF"));
    if (zf === 0) goes = e.and(32, goes, e.xor(32, e.flag("ZF"), e.constant(32, 1)));
    e.setRegister(width, RCX, count);
    e.jumpIf(goes, targetOf(i));
  };

const jrcxz: Semantics = (e, i) => {
  const width = i.addressWidth;
  e.jumpIf(e.equal(width, e.register(width, RCX), e.constant(width, 0)), targetOf(i));
};

/** Nothing but the faults of a load. */
const touch: Semantics = (e, i) => void read(e, operand(i, 0));
const nop: Semantics = () => undefined;
const hex = (value: number) => value.toString(16).toUpperCase();

export const controlRows = [
  ...rows("JMP", { run: jump, flow: "jump" }, "EB cb | rel8", "E9 cz | rel32"),
  ...rows("JMP", { run: jumpTo, flow: "jumpTo", mode: 64 }, "FF /4 | r/m64"),
  ...conditions.flatMap((name, code) =>
    rows(
      `J${name}`,
      { run: jumpIf(code), flow: "branch" },
      `${hex(0x70 + code)} cb | rel8`,
      `0F ${hex(0x80 + code)} cz | rel32`,
    ),
  ),
  ...rows("CALL", { run: call, flow: "call", mode: 64 }, "E8 cz | rel32"),
  ...rows("CALL", { run: callTo, flow: "callTo", mode: 64 }, "FF /2 | r/m64"),
  ...rows("RET", { run: ret, flow: "ret", mode: 64 }, "C3", "C2 iw | imm16"),
  ...rows("JMP", { run: jumpTo, flow: "jumpTo", mode: 32 }, "FF /4 | r/m32"),
  ...rows("CALL", { run: call, flow: "call", mode: 32 }, "E8 cz | rel32"),
  ...rows("CALL", { run: callTo, flow: "callTo", mode: 32 }, "FF /2 | r/m32"),
  ...rows("RET", { run: ret, flow: "ret", mode: 32 }, "C3", "C2 iw | imm16"),
  ...rows("LOOPNE", { run: loop(0), flow: "branch", mode: 64 }, "E0 cb | rel8"),
  ...rows("LOOPE", { run: loop(1), flow: "branch", mode: 64 }, "E1 cb | rel8"),
  ...rows("LOOP", { run: loop(), flow: "branch", mode: 64 }, "E2 cb | rel8"),
  ...rows("JRCXZ", { run: jrcxz, flow: "branch", mode: 64 }, "E3 cb | rel8"),
  ...rows(
    "NOP",
    { run: nop },
    "90",
    ...[0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f].map((opcode) => `0F ${hex(opcode)} /r | r/mv`),
  ),
  ...rows("NOP", { run: nop }, "0F 0D /r | rmv"),
  ...["PREFETCHNTA", "PREFETCHT0", "PREFETCHT1", "PREFETCHT2"].flatMap((name, n) =>
    rows(name, { run: nop }, `0F 18 /${n} | m8`),
  ),
  ...rows("PREFETCH", { run: nop }, "0F 0D /r | m8"),
  ...rows("PREFETCHW", { run: nop }, "0F 0D /1 | m8"),
  ...rows("PAUSE", { run: nop }, "F3 90"),
  ...rows("ENDBR64", { run: nop }, "F3 0F 1E FA"),
  ...rows("CLFLUSH", { run: touch }, "NP 0F AE /7 | m8"),
  // Whatever ModRM.rm says.
  ...rows("LFENCE", { run: nop }, "NP 0F AE E8+i"),
  ...rows("MFENCE", { run: nop }, "NP 0F AE F0+i"),
  ...rows("SFENCE", { run: nop }, "NP 0F AE F8+i"),
];
