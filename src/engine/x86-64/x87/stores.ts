// x87 instructions that store ST(0): as a number, an integer or decimal digits. Specification: Intel SDM volume 2.
import type { MemoryOperand } from "../../../isa/x86-64/instruction.js";
import { addressOf, type Machine, type Slow } from "../machine.js";
import { flag, indefinite, toInteger } from "./f80.js";
import { to80, toDecimal, toFloat } from "./formats.js";
import { memoryOf, stackIndex, x87 } from "./instruction.js";

function storeBytes(m: Machine, o: MemoryOperand, bits: bigint): void {
  m.memory.writeBytes(addressOf(m, o), o.width / 8, (view, at) => {
    for (let n = 0; n < o.width / 8; n++) view.setUint8(at + n, Number((bits >> BigInt(8 * n)) & 0xffn));
  });
}

const store = (pops: boolean): Slow =>
  x87((u, m, i) => {
    const memory = memoryOf(i);
    const empty = u.isEmpty(0);
    const value = empty ? indefinite : u.get(0);
    if (memory === undefined) {
      if (empty) {
        u.signal(flag.IE | flag.SF);
        if (!u.allows(flag.IE)) return;
      } else u.signal(0);
      u.set(stackIndex(i, 0), value);
    } else {
      const isWide = memory.width === 80;
      const float = isWide
        ? { bits: to80(value), flags: 0 }
        : toFloat(value, memory.width === 32 ? 32 : 64, u.rounding.mode);
      const flags = empty ? flag.IE | flag.SF : float.flags;
      if (u.allows(flags)) storeBytes(m, memory, float.bits);
      u.signal(flags);
      if (!u.allows(flags)) return;
    }
    if (pops) u.pop();
  });

/** FSTP that passes over an empty register. */
const storeQuietly = x87((u, _m, i) => {
  u.signal(0);
  if (!u.isEmpty(0)) u.set(stackIndex(i, 0), u.get(0));
  u.pop();
});

/** FIST, FISTP, FISTTP: what does not fit is the smallest integer. */
const storeInteger = (pops: boolean, truncates: boolean): Slow =>
  x87((u, m, i) => {
    const memory = memoryOf(i);
    if (memory === undefined) return;
    const { width } = memory;
    const empty = u.isEmpty(0);
    const whole = empty ? undefined : toInteger(u.get(0), truncates ? 3 : u.rounding.mode);
    const fits = whole !== undefined && BigInt.asIntN(width, whole.value) === whole.value;
    const flags = empty ? flag.IE | flag.SF : fits ? whole.flags : flag.IE;
    const value = fits ? whole.value : -(1n << BigInt(width - 1));
    if (u.allows(flags)) storeBytes(m, memory, BigInt.asUintN(width, value));
    u.signal(flags);
    if (pops && u.allows(flags)) u.pop();
  });

const storeDecimal = x87((u, m, i) => {
  const memory = memoryOf(i);
  if (memory === undefined) return;
  const empty = u.isEmpty(0);
  const value = empty ? indefinite : u.get(0);
  const whole = empty ? undefined : toInteger(value, u.rounding.mode);
  const bytes = toDecimal(whole?.value, value.sign);
  const fits = whole !== undefined && whole.value < 10n ** 18n && whole.value > -(10n ** 18n);
  const flags = empty ? flag.IE | flag.SF : fits ? whole.flags : flag.IE;
  const bits = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (u.allows(flags)) storeBytes(m, memory, bits);
  u.signal(flags);
  if (u.allows(flags)) u.pop();
});

export const x87Stores: Record<string, Slow> = {
  FST: store(false),
  FSTP: store(true),
  FSTPNCE: storeQuietly,
  FIST: storeInteger(false, false),
  FISTP: storeInteger(true, false),
  FISTTP: storeInteger(true, true),
  FBSTP: storeDecimal,
};
