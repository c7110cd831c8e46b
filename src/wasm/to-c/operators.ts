// What each instruction that takes operands and gives one value is in C: WebAssembly core specification 4.3, over guest/wasm/wasm.h.
import type { InstructionName, WasmType } from "../instructions.js";

export interface Operator {
  readonly operands: readonly WasmType[];
  readonly result: WasmType;
  /** An operand's sign of being not a number shows in the result: constants that make it the identity are hidden. */
  readonly arithmetic: boolean;
  /** `$0`, `$1`: the operands. */
  readonly c: string;
}

export interface Access {
  readonly type: WasmType;
  /** In memory. */
  readonly as: string;
  readonly bytes: number;
}

type Row = readonly [name: string, operands: readonly WasmType[], result: WasmType, c: string];

const integers = (["i32", "i64"] as const).flatMap((type): Row[] => {
  const bits = type.slice(1);
  const u = `u${bits}`;
  const s = `s${bits}`;
  const unary = (name: string, c: string): Row => [`${type}.${name}`, [type], type, c];
  const binary = (name: string, c: string): Row => [`${type}.${name}`, [type, type], type, c];
  const compare = (name: string, c: string): Row => [`${type}.${name}`, [type, type], "i32", c];
  return [
    ...["clz", "ctz", "popcnt"].map((name) => unary(name, `wasm_${name}_${u}($0)`)),
    unary("extend8_s", `(${u})(${s})(s8)$0`),
    unary("extend16_s", `(${u})(${s})(s16)$0`),
    binary("add", "$0 + $1"),
    binary("sub", "$0 - $1"),
    binary("mul", "$0 * $1"),
    binary("and", "$0 & $1"),
    binary("or", "$0 | $1"),
    binary("xor", "$0 ^ $1"),
    ...["div_s", "div_u", "rem_s", "rem_u", "rotl", "rotr"].map((name) =>
      binary(name, `wasm_${name}_${u}($0, $1)`),
    ),
    binary("shl", `$0 << ($1 & ${Number(bits) - 1})`),
    binary("shr_u", `$0 >> ($1 & ${Number(bits) - 1})`),
    binary("shr_s", `(${u})((${s})$0 >> ($1 & ${Number(bits) - 1}))`),
    [`${type}.eqz`, [type], "i32", "$0 == 0"],
    compare("eq", "$0 == $1"),
    compare("ne", "$0 != $1"),
    ...Object.entries({ lt: "<", gt: ">", le: "<=", ge: ">=" }).flatMap(([name, sign]) => [
      compare(`${name}_u`, `$0 ${sign} $1`),
      compare(`${name}_s`, `(${s})$0 ${sign} (${s})$1`),
    ]),
  ];
});

const floats = (["f32", "f64"] as const).flatMap((type): Row[] => {
  const unary = (name: string, c: string): Row => [`${type}.${name}`, [type], type, c];
  const binary = (name: string, c: string): Row => [`${type}.${name}`, [type, type], type, c];
  const compare = (name: string, c: string): Row => [`${type}.${name}`, [type, type], "i32", c];
  return [
    unary("neg", "-$0"),
    ...["abs", "ceil", "floor", "trunc", "nearest", "sqrt"].map((name) =>
      unary(name, `wasm_${name}_${type}($0)`),
    ),
    ...Object.entries({ add: "+", sub: "-", mul: "*", div: "/" }).map(([name, sign]) =>
      binary(name, `$0 ${sign} $1`),
    ),
    ...["min", "max", "copysign"].map((name) => binary(name, `wasm_${name}_${type}($0, $1)`)),
    ...Object.entries({ eq: "==", ne: "!=", lt: "<", gt: ">", le: "<=", ge: ">=" }).map(([name, sign]) =>
      compare(name, `$0 ${sign} $1`),
    ),
  ];
});

const conversions = (["i32", "i64"] as const).flatMap((to) =>
  (["f32", "f64"] as const).flatMap((from) =>
    ["s", "u"].flatMap((sign): Row[] => {
      const via = `${sign}${to.slice(1)}`;
      return [
        [`${to}.trunc_${from}_${sign}`, [from], to, `wasm_trunc_${via}_${from}($0)`],
        [`${to}.trunc_sat_${from}_${sign}`, [from], to, `wasm_trunc_sat_${via}_${from}($0)`],
        [`${from}.convert_${to}_${sign}`, [to], from, `(${from})(${via})$0`],
      ];
    }),
  ),
);

const others: readonly Row[] = [
  ["i32.wrap_i64", ["i64"], "i32", "(u32)$0"],
  ["i64.extend_i32_s", ["i32"], "i64", "(u64)(s64)(s32)$0"],
  ["i64.extend_i32_u", ["i32"], "i64", "(u64)$0"],
  ["i64.extend32_s", ["i64"], "i64", "(u64)(s64)(s32)$0"],
  ["f32.demote_f64", ["f64"], "f32", "wasm_demote($0)"],
  ["f64.promote_f32", ["f32"], "f64", "(f64)$0"],
  ["i32.reinterpret_f32", ["f32"], "i32", "wasm_u32_of_f32($0)"],
  ["i64.reinterpret_f64", ["f64"], "i64", "wasm_u64_of_f64($0)"],
  ["f32.reinterpret_i32", ["i32"], "f32", "wasm_f32_of_u32($0)"],
  ["f64.reinterpret_i64", ["i64"], "f64", "wasm_f64_of_u64($0)"],
];

export const operators: ReadonlyMap<string, Operator> = new Map(
  [...integers, ...floats, ...conversions, ...others].map(([name, operands, result, c]) => {
    const arithmetic = /^f\d\d\.(add|sub|mul|div)$/.test(name);
    return [name, { operands, result, c, arithmetic }];
  }),
);

/** What a load or store moves; undefined for another instruction. */
export function accessOf(name: InstructionName): Access | undefined {
  const match = /^([if])(32|64)\.(?:load|store)(?:(\d+)(?:_([su]))?)?$/.exec(name);
  if (match === null) return undefined;
  const [, kind = "", bits = "", narrow, sign = "u"] = match;
  const type = `${kind}${bits}` as WasmType;
  const size = narrow ?? bits;
  return { type, as: `${kind === "f" ? "f" : sign}${size}`, bytes: Number(size) / 8 };
}
