// Floating-point constants in C, exact to the bit.
import type { WasmType } from "../instructions.js";

const identities = new Set([0, 1, -1]);

/** A constant by its bits. `hidden` where arithmetic with it may be left out by the compiler. */
export function floatConstant(
  type: "f32" | "f64",
  bits: bigint,
): { readonly type: WasmType; readonly c: string; readonly hidden?: string } {
  const view = new DataView(new ArrayBuffer(8));
  if (type === "f32") view.setUint32(0, Number(bits), true);
  else view.setBigUint64(0, bits, true);
  const value = type === "f32" ? view.getFloat32(0, true) : view.getFloat64(0, true);
  const suffix = type === "f32" ? "f" : "";
  if (!Number.isFinite(value)) {
    return { type, c: `wasm_${type}_of_u${type.slice(1)}(0x${bits.toString(16)}u)` };
  }
  const c = Object.is(value, -0) ? `-0.0${suffix}` : `${decimal(value)}${suffix}`;
  const text = value < 0 || Object.is(value, -0) ? `(${c})` : c;
  return identities.has(value)
    ? { type, c: text, hidden: `WASM_HIDDEN(${text}, ${type})` }
    : { type, c: text };
}

/** The shortest decimal that is this double and no other, with a point: C reads it back exactly. */
function decimal(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
