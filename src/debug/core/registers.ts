// A guest's registers as a core file has them. What an engine does not know is 0.
import { userFpregs, userRegs } from "../../abi/core.js";
import type { Isa } from "../../abi/elf.js";
import { encode, type ValueOf } from "../../bytes/struct.js";

/** A register by the engine's name. */
export type ReadRegister = (name: string) => bigint;

interface CoreRegisters {
  readonly general: Uint8Array;
  readonly floating: Uint8Array;
}

/** `values` one after the other, `size` bytes each, little endian. */
function packed(values: readonly bigint[], size: number): Uint8Array {
  const data = new Uint8Array(values.length * size);
  values.forEach((value, n) => {
    for (let i = 0; i < size; i++) data[n * size + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  });
  return data;
}
const named = (prefix: string, count: number, read: ReadRegister): readonly bigint[] =>
  Array.from({ length: count }, (_, n) => read(`${prefix}${n}`));

const emptyTag = 3;
/** FXSAVE's tag word: a bit for each register that holds something, from two bits each. */
export const abridgedTags = (tags: number): number =>
  Array.from({ length: 8 }, (_, n) => (((tags >> (2 * n)) & 3) === emptyTag ? 0 : 1 << n)).reduce(
    (a, b) => a | b,
    0,
  );

function x8664(read: ReadRegister): CoreRegisters {
  const layout = userRegs["x86-64"];
  const sources: Readonly<Record<string, string>> = { eflags: "rflags", orig_rax: "rax" };
  const general = Object.fromEntries(
    Object.keys(layout.fields).map((name) => [name, read(sources[name] ?? name)]),
  ) as ValueOf<typeof layout>;
  const floating = {
    cwd: Number(read("fctrl")),
    swd: Number(read("fstat")),
    ftw: abridgedTags(Number(read("ftag"))),
    fop: 0,
    rip: 0n,
    rdp: 0n,
    mxcsr: Number(read("mxcsr")),
    mxcr_mask: 0xffff,
    st_space: packed(named("st", 8, read), 16),
    xmm_space: packed(named("xmm", 16, read), 16),
    padding: new Uint8Array(),
  };
  return { general: encode(layout, general), floating: encode(userFpregs["x86-64"], floating) };
}

function aarch64(read: ReadRegister): CoreRegisters {
  const general = { regs: named("x", 31, read), sp: read("sp_el1"), pc: read("pc"), pstate: read("pstate") };
  const floating = {
    vregs: packed(named("v", 32, read), 16),
    fpsr: Number(read("fpsr")),
    fpcr: Number(read("fpcr")),
    reserved: [0, 0],
  };
  return { general: encode(userRegs.aarch64, general), floating: encode(userFpregs.aarch64, floating) };
}

export const coreRegisters: Readonly<Record<Isa, (read: ReadRegister) => CoreRegisters>> = {
  "x86-64": x8664,
  aarch64,
};
