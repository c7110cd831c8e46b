// The x87's tag word, of which KVM has FXSAVE's abridged form: a bit for each physical register that holds something.
// Intel SDM volume 1, 8.1.7 and 10.5.1.1.
import { abridgedTags } from "../../debug/core/registers.js";
import { fpu } from "./abi.js";

const tag = { valid: 0, zero: 1, special: 2, empty: 3 } as const;

/** What an 80-bit number is: all ones in the exponent and numbers without their leading one are special. */
function kindOf(view: DataView, at: number): number {
  const significand = view.getBigUint64(at, true);
  const exponent = view.getUint16(at + 8, true) & 0x7fff;
  if (exponent === 0 && significand === 0n) return tag.zero;
  return exponent === 0 || exponent === 0x7fff || significand >> 63n === 0n ? tag.special : tag.valid;
}

/** Two bits for each physical register; `view` is of struct kvm_fpu, where ST(0) comes first. */
export function fullTags(view: DataView): number {
  const top = (view.getUint16(fpu.offsets.fsw, true) >> 11) & 7;
  const used = view.getUint8(fpu.offsets.ftwx);
  return Array.from({ length: 8 }, (_, n) => {
    const at = fpu.offsets.fpr + 16 * ((n - top) & 7);
    return ((used >> n) & 1) === 1 ? kindOf(view, at) : tag.empty;
  }).reduce((word, kind, n) => word | (kind << (2 * n)), 0);
}

export function setTags(view: DataView, word: number): void {
  view.setUint8(fpu.offsets.ftwx, abridgedTags(word));
}
