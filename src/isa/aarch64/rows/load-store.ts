// Loads and stores: every addressing mode of one register and of pairs, exclusive and ordered ones. Specification: Arm ARM (DDI
// 0487), C4.1.94 (encodings), C6.2 and C7.2.
import type { Width } from "../../emitter.js";
import type { Emitter } from "../emitter.js";
import { type Row, rows, type Semantics } from "../instruction.js";
import { constantOf, extended, read, write } from "../operands.js";
import { simdStructureRows } from "./structures.js";

/** What is moved: between memory of `bits` and a general register of `to` bits, or a SIMD&FP register. */
export type Moved =
  | { readonly kind: "store"; readonly bits: Width }
  | { readonly kind: "load"; readonly bits: Width; readonly to: 32 | 64; readonly isSigned: boolean }
  | { readonly kind: "simd"; readonly bits: 8 | 16 | 32 | 64 | 128; readonly isLoad: boolean };

/** Reads memory, to be given to `put`: all loads of an instruction come before its first write of a register. */
function get<V>(e: Emitter<V>, moved: Moved, address: V, aligned = false): V {
  return e.load(moved.bits === 128 ? "v128" : moved.bits, address, aligned);
}

function put<V>(e: Emitter<V>, moved: Moved, index: number, value: V): void {
  if (moved.kind === "simd") {
    if (moved.bits === 128) e.setSimd(index, value);
    else e.setSimdLowZero(moved.bits, index, value);
  } else if (moved.kind === "load") {
    const { bits, to, isSigned } = moved;
    const wide =
      bits >= to ? value : isSigned ? e.extendSigned(to, bits, value) : e.extendUnsigned(to, bits, value);
    write(e, to, index, wide);
  }
}

function store<V>(e: Emitter<V>, moved: Moved, address: V, index: number, aligned = false): void {
  const { bits } = moved;
  if (moved.kind === "simd") {
    const value = bits === 128 ? e.simd(index) : e.simdLow(bits, index);
    return e.store(bits === 128 ? "v128" : bits, address, value, aligned);
  }
  const value = read(e, bits === 64 ? 64 : 32, index);
  if (bits === 128) return;
  e.store(bits, address, bits < 32 ? e.truncate(bits, 32, value) : value, aligned);
}

const isLoad = (moved: Moved): boolean => (moved.kind === "simd" ? moved.isLoad : moved.kind === "load");

/** When the base register moves: never, after the access, or before it. */
type Mode = "offset" | "post" | "pre";

/**
 * One register at base + offset. Where a load changes its base register too, what comes out is the implementation's: here, and in
 * pairs of equal registers, what QEMU gives.
 */
const single =
  (moved: Moved, mode: Mode, scale = 0): Semantics =>
  (e, i) => {
    const base = e.register(64, i.Rn);
    const offset = i.imm * 2 ** scale;
    const moves = offset === 0 ? base : e.add(64, base, constantOf(e, 64, offset));
    const address = mode === "post" ? base : moves;
    if (isLoad(moved)) {
      put(e, moved, i.Rt, get(e, moved, address));
      if (mode !== "offset") e.setRegister(64, i.Rn, moves);
    } else {
      store(e, moved, address, i.Rt);
      if (mode !== "offset") e.setRegister(64, i.Rn, moves);
    }
  };

const byRegister =
  (moved: Moved, scale: number): Semantics =>
  (e, i) => {
    const offset = extended(e, 64, i.Rm, i.option, i.S * scale);
    const address = e.add(64, e.register(64, i.Rn), offset);
    if (isLoad(moved)) put(e, moved, i.Rt, get(e, moved, address));
    else store(e, moved, address, i.Rt);
  };

const literal =
  (moved: Moved): Semantics =>
  (e, i) =>
    put(e, moved, i.Rt, get(e, moved, constantOf(e, 64, i.pc + i.imm * 4)));

const pair =
  (moved: Moved, mode: Mode): Semantics =>
  (e, i) => {
    const bytes = moved.bits / 8;
    const base = e.register(64, i.Rn);
    const moves = i.imm === 0 ? base : e.add(64, base, constantOf(e, 64, i.imm * bytes));
    const first = mode === "post" ? base : moves;
    const second = e.add(64, first, e.constant(64, bytes));
    if (isLoad(moved)) {
      const [a, b] = [get(e, moved, first), get(e, moved, second)];
      put(e, moved, i.Rt2, b);
      put(e, moved, i.Rt, a);
      if (mode !== "offset") e.setRegister(64, i.Rn, moves);
    } else {
      store(e, moved, first, i.Rt);
      store(e, moved, second, i.Rt2);
      if (mode !== "offset") e.setRegister(64, i.Rn, moves);
    }
  };

const nothing: Semantics = () => undefined;

/** Size and opc as encodings have them, the mnemonic's suffix, and what is moved. */
interface Kind {
  readonly size: string;
  readonly v: 0 | 1;
  readonly opc: string;
  readonly name: "STR" | "LDR";
  readonly suffix: string;
  readonly register: string;
  readonly moved: Moved;
}

const binary = (value: number, width: number) => value.toString(2).padStart(width, "0");
const integerSizes = [8, 16, 32, 64] as const;

const integerKinds: readonly Kind[] = integerSizes.flatMap((bits, size) => {
  const suffix = bits === 8 ? "B" : bits === 16 ? "H" : "";
  const register = bits === 64 ? "Xt" : "Wt";
  const common = { size: binary(size, 2), v: 0 } as const;
  const to = bits === 64 ? 64 : 32;
  const kinds: Kind[] = [
    { ...common, opc: "00", name: "STR", suffix, register, moved: { kind: "store", bits } },
    {
      ...common,
      opc: "01",
      name: "LDR",
      suffix,
      register,
      moved: { kind: "load", bits, to, isSigned: false },
    },
  ];
  const signed = (opc: string, wide: 32 | 64): Kind => ({
    ...common,
    opc,
    name: "LDR",
    suffix: `S${suffix === "" ? "W" : suffix}`,
    register: wide === 64 ? "Xt" : "Wt",
    moved: { kind: "load", bits, to: wide, isSigned: true },
  });
  if (bits < 64) kinds.push(signed("10", 64));
  if (bits < 32) kinds.push(signed("11", 32));
  return kinds;
});

const simdKinds: readonly Kind[] = ([8, 16, 32, 64, 128] as const).flatMap((bits, size) =>
  ([false, true] as const).map((loads) => ({
    size: binary(size & 3, 2),
    v: 1 as const,
    opc: `${bits === 128 ? 1 : 0}${loads ? 1 : 0}`,
    name: loads ? ("LDR" as const) : ("STR" as const),
    suffix: "",
    register: `${["B", "H", "S", "D", "Q"][size] ?? ""}t`,
    moved: { kind: "simd" as const, bits, isLoad: loads },
  })),
);

const scaleOf = ({ bits }: Moved): number => Math.log2(bits / 8);

const singles = [...integerKinds, ...simdKinds].flatMap((kind): readonly Row[] => {
  const { size, v, opc, name, suffix, register, moved } = kind;
  const head = `${size} 111 ${v}`;
  const unscaled = name.replace("R", "UR") + suffix;
  const scale = scaleOf(moved);
  return [
    ...rows(
      name + suffix,
      { run: single(moved, "offset", scale) },
      `${head} 01 ${opc} imm12 Rn Rt | ${register}, [base, imm<<${scale}]`,
    ),
    ...rows(
      unscaled,
      { run: single(moved, "offset") },
      `${head} 00 ${opc} 0 simm9 00 Rn Rt | ${register}, [base, imm<<0]`,
    ),
    ...(v === 1
      ? []
      : rows(
          name.replace("R", "TR") + suffix,
          { run: single(moved, "offset") },
          `${head} 00 ${opc} 0 simm9 10 Rn Rt | ${register}, [base, imm<<0]`,
        )),
    ...rows(
      name + suffix,
      { run: single(moved, "post") },
      `${head} 00 ${opc} 0 simm9 01 Rn Rt | ${register}, [base], #imm`,
    ),
    ...rows(
      name + suffix,
      { run: single(moved, "pre") },
      `${head} 00 ${opc} 0 simm9 11 Rn Rt | ${register}, [base, #imm]!`,
    ),
    ...rows(
      name + suffix,
      { run: byRegister(moved, scale), only: ({ option }) => (option & 2) !== 0 },
      `${head} 00 ${opc} 1 Rm option S 10 Rn Rt | ${register}, [base, extended<<${scale}]`,
    ),
  ];
});

const prefetches = [
  ...rows("PRFM", { run: nothing }, "11 111 0 01 10 imm12 Rn Rt | prefetch, [base, imm<<3]"),
  ...rows("PRFUM", { run: nothing }, "11 111 0 00 10 0 simm9 00 Rn Rt | prefetch, [base, imm<<0]"),
  ...rows(
    "PRFM",
    { run: nothing, only: ({ option }) => (option & 2) !== 0 },
    "11 111 0 00 10 1 Rm option S 10 Rn Rt | prefetch, [base, extended<<3]",
  ),
  ...rows("PRFM", { run: nothing }, "11 011 0 00 simm19 Rt | prefetch, target"),
];

const load = (bits: 32 | 64, to: 32 | 64, isSigned = false): Moved => ({ kind: "load", bits, to, isSigned });
const simdOf = (bits: 32 | 64 | 128, loads: boolean): Moved => ({ kind: "simd", bits, isLoad: loads });

const literals = [
  ...rows("LDR", { run: literal(load(32, 32)) }, "00 011 0 00 simm19 Rt | Wt, target"),
  ...rows("LDR", { run: literal(load(64, 64)) }, "01 011 0 00 simm19 Rt | Xt, target"),
  ...rows("LDRSW", { run: literal(load(32, 64, true)) }, "10 011 0 00 simm19 Rt | Xt, target"),
  ...([32, 64, 128] as const).flatMap((bits, opc) =>
    rows(
      "LDR",
      { run: literal(simdOf(bits, true)) },
      `${binary(opc, 2)} 011 1 00 simm19 Rt | ${"SDQ"[opc]}t, target`,
    ),
  ),
];

const pairKinds: readonly (readonly [
  opc: string,
  v: 0 | 1,
  register: string,
  stores: Moved,
  loads: Moved,
])[] = [
  ["00", 0, "W", { kind: "store", bits: 32 }, load(32, 32)],
  ["10", 0, "X", { kind: "store", bits: 64 }, load(64, 64)],
  ["00", 1, "S", simdOf(32, false), simdOf(32, true)],
  ["01", 1, "D", simdOf(64, false), simdOf(64, true)],
  ["10", 1, "Q", simdOf(128, false), simdOf(128, true)],
];

const modes: readonly (readonly [bits: string, mode: Mode, isHint: boolean])[] = [
  ["000", "offset", true],
  ["001", "post", false],
  ["010", "offset", false],
  ["011", "pre", false],
];

const pairRow = (opc: string, v: 0 | 1, register: string, moved: Moved, n: number, name: string) => {
  const [bits, mode, isHint] = modes[n] ?? ["", "offset", false];
  const loads = isLoad(moved);
  const scale = scaleOf(moved);
  const place =
    mode === "post" ? `[base], #imm<<${scale}` : `[base, ${mode === "pre" ? "#" : ""}imm<<${scale}]`;
  return rows(
    isHint ? name.replace("P", "NP") : name,
    { run: pair(moved, mode) },
    `${opc} 101 ${v} ${bits} ${loads ? 1 : 0} simm7 Rt2 Rn Rt | ${register}t, ${register}t2, ${place}${mode === "pre" ? "!" : ""}`,
  );
};

const pairs = modes.flatMap(([, , isHint], n) => [
  ...pairKinds.flatMap(([opc, v, register, stores, loads]) => [
    ...pairRow(opc, v, register, stores, n, "STP"),
    ...pairRow(opc, v, register, loads, n, "LDP"),
  ]),
  ...(isHint ? [] : pairRow("01", 0, "X", load(32, 64, true), n, "LDPSW")),
]);

/** Loads and stores that are ordered: one virtual CPU keeps the order by itself. They want alignment. */
const ordered =
  (moved: Moved): Semantics =>
  (e, i) => {
    const address = e.register(64, i.Rn);
    if (isLoad(moved)) put(e, moved, i.Rt, get(e, moved, address, true));
    else store(e, moved, address, i.Rt, true);
  };

const orders = integerSizes.flatMap((bits, size) => {
  const suffix = ["B", "H", "", ""][size] ?? "";
  const register = bits === 64 ? "Xt" : "Wt";
  const to = bits === 64 ? 64 : 32;
  const head = `${binary(size, 2)} 001000`;
  const exclusive = [0, 1].flatMap((o0) => {
    const a = o0 === 1 ? "A" : "";
    return [
      ...rows(
        `ST${o0 === 1 ? "L" : ""}XR${suffix}`,
        {},
        `${head} 000 Rs ${o0} 11111 Rn Rt | Ws, ${register}, [base]`,
      ),
      ...rows(`LD${a}XR${suffix}`, {}, `${head} 010 11111 ${o0} 11111 Rn Rt | ${register}, [base]`),
      ...(bits < 32
        ? []
        : [
            ...rows(
              `ST${o0 === 1 ? "L" : ""}XP`,
              {},
              `${head} 001 Rs ${o0} Rt2 Rn Rt | Ws, ${register}, ${register}2, [base]`,
            ),
            ...rows(`LD${a}XP`, {}, `${head} 011 11111 ${o0} Rt2 Rn Rt | ${register}, ${register}2, [base]`),
          ]),
    ];
  });
  return [
    ...exclusive,
    ...rows(
      `STLR${suffix}`,
      { run: ordered({ kind: "store", bits }) },
      `${head} 100 11111 1 11111 Rn Rt | ${register}, [base]`,
    ),
    ...rows(
      `LDAR${suffix}`,
      { run: ordered({ kind: "load", bits, to, isSigned: false }) },
      `${head} 110 11111 1 11111 Rn Rt | ${register}, [base]`,
    ),
  ];
});

export const loadStoreRows = [
  ...singles,
  ...prefetches,
  ...literals,
  ...pairs,
  ...orders,
  ...simdStructureRows,
];
