// Whether the host's WebAssembly adds to a product with one rounding: its relaxed instructions may, and do where the CPU can, which Chrome
// 114 and Node 22 have. WebAssembly core specification 3.0, 4.3.3 (relaxed fused multiply-add).
import { webAssembly } from "./host.js";
import { encodeModule, type FunctionType } from "./module.js";
import { op, simd } from "./opcodes.js";
import { ByteWriter } from "./writer.js";

/** Products of these lack the last bit: rounded twice nothing would be left but 0. */
const probes = {
  f32: [1 + 2 ** -23, 1 - 2 ** -23, -(2 ** -46)],
  f64: [1 + 2 ** -52, 1 - 2 ** -52, -(2 ** -104)],
} as const;
type Type = keyof typeof probes;
const shapes = { f32: "f32x4", f64: "f64x2" } as const;
const SIMD = 0xfd;

/** A function that gives a * b + c of two lanes' lowest. */
function sample(type: Type): Uint8Array {
  const out = new ByteWriter(64);
  const packed = (name: keyof typeof simd) => {
    out.byte(SIMD);
    out.u32(simd[name]);
  };
  for (let index = 0; index < 3; index++) {
    out.byte(op["local.get"]);
    out.u32(index);
    packed(`${shapes[type]}.splat`);
  }
  packed(`${shapes[type]}.relaxed_madd`);
  packed(`${shapes[type]}.extract_lane`);
  out.byte(0);
  const signature: FunctionType = { params: [type, type, type], results: [type] };
  return encodeModule({
    types: [signature],
    imports: [],
    functions: [{ type: 0, locals: [], code: out.take(), name: "fused" }],
    exports: [{ name: "fused", index: 0 }],
  });
}

function isFused(type: Type): boolean {
  const bytes = sample(type);
  if (!webAssembly.validate(bytes)) return false;
  const { exports } = new webAssembly.Instance(new webAssembly.Module(bytes));
  const [a, b, expected] = probes[type];
  return (exports["fused"] as (a: number, b: number, c: number) => number)(a, b, -1) === expected;
}

let known: boolean | undefined;

export const hasFusedMultiplyAdd = (): boolean => (known ??= isFused("f32") && isFused("f64"));
