// The statements that generated code is made of. Each leaves the stack pointer as it was and reads no flag that the manual leaves
// undefined; doubles are brought to between 1 and 2 before they are computed with, so that no NaN ever arises.
import type { Random } from "../x86-64/random.js";
import { accumulators, at, base, low32, randomState } from "./state.js";

/** What a statement may use of the function that it stands in. */
export interface Place {
  readonly random: Random;
  /** 8-byte slots at the stack pointer, all of them written before. */
  readonly slots: number;
  /** A label that nobody else has. */
  label(): string;
}

type Statement = (place: Place, a: string, b: string, c: string) => readonly string[];

const conditions = ["b", "be", "l", "le", "z", "s", "nb", "nbe", "nl", "nle", "nz", "ns"];
const slot = ({ random, slots }: Place): string => `qword ptr [rsp + ${8 * random.below(slots)}]`;
const shift = ({ random }: Place): number => 1 + random.below(30);
const constant = ({ random }: Place): number => random.below(0x7fff_ffff);
/** An index of `table`, from a register into rax. */
const index = (register: string): readonly string[] => [`mov rax, ${register}`, "and eax, 0xff8"];

const integers: readonly Statement[] = [
  (_, a, b) => [`add ${a}, ${b}`],
  (_, a, b) => [`sub ${a}, ${b}`],
  (_, a, b, c) => [`xor ${a}, ${b}`, `lea ${b}, [${b} + ${c}*4 + 19]`],
  (_, a, b) => [`imul ${a}, ${b}`, `add ${a}, ${randomState}`],
  (place, a, b) => [`imul ${a}, ${b}, ${constant(place) | 1}`],
  (place, a, b) => [`rol ${a}, ${shift(place)}`, `add ${a}, ${b}`],
  (place, a, b) => [`mov rax, ${a}`, `sar rax, ${shift(place)}`, `xor ${b}, rax`],
  (place, a, b, c) => [
    `cmp ${a}, ${b}`,
    `set${place.random.pick(conditions)} al`,
    "movzx eax, al",
    `add ${c}, rax`,
  ],
  (place, a, b, c) => [`cmp ${low32(a)}, ${low32(b)}`, `cmov${place.random.pick(conditions)} ${c}, ${a}`],
  (_, a, b, c) => [`add ${a}, ${b}`, `adc ${c}, 3`],
  (_, a, b, c) => [`sub ${a}, ${b}`, `sbb rax, rax`, `xor ${c}, rax`],
  (_, a, b) => [`mov eax, ${low32(a)}`, "bswap eax", `add ${b}, rax`],
  (_, a, b, c) => [`mov rax, ${a}`, `mul ${b}`, `xor ${c}, rdx`],
  (_, a, b, c) => [`mov eax, ${low32(a)}`, "xor edx, edx", `mov ecx, ${low32(b)}`, "or ecx, 1", "div ecx", `add ${c}, rdx`], // prettier-ignore
  (_, a, b) => [...index(a), `add ${b}, [${base} + rax]`],
  (_, a, b) => [...index(a), `mov [${base} + rax], ${b}`],
  (_, a, b) => [...index(a), `movzx eax, byte ptr [${base} + rax + 3]`, `add ${b}, rax`],
  (_, a, b) => [...index(a), `movsxd rax, dword ptr [${base} + rax + 4]`, `sub ${b}, rax`],
  (place, a) => [`mov ${slot(place)}, ${a}`],
  (place, a) => [`add ${a}, ${slot(place)}`],
  (place, a) => [`xor ${slot(place)}, ${a}`],
];

const fractions = `xmmword ptr [${base} + ${at.fractions}]`;
const ones = `xmmword ptr [${base} + ${at.ones}]`;
const bounded = (...registers: readonly string[]): readonly string[] =>
  registers.flatMap((x) => [`andpd ${x}, ${fractions}`, `orpd ${x}, ${ones}`]);
/** The same of the low half, by way of an integer register. */
const boundedLow = (...registers: readonly string[]): readonly string[] =>
  registers.flatMap((x) => [
    `movq rax, ${x}`,
    `and rax, [${base} + ${at.fractions}]`,
    `or rax, [${base} + ${at.ones}]`,
    `movq ${x}, rax`,
  ]);

const scalars: readonly Statement[] = [
  ({ random }, x, y, z) => [...boundedLow(x, y), `${random.pick(["addsd", "mulsd", "divsd", "subsd"])} ${x}, ${y}`, `addsd ${z}, ${x}`, ...boundedLow(z)], // prettier-ignore
  (_, x, y) => [...boundedLow(x, y), `mulsd ${x}, ${y}`, `sqrtsd ${y}, ${x}`],
  (place, x) => [...boundedLow(x), `movsd ${slot(place)}, ${x}`],
  (_, x, y) => [...boundedLow(x), `mulsd ${x}, ${x}`, `movapd ${y}, ${x}`],
  (_, x, y) => [...boundedLow(x, y), `cvtsd2ss ${x}, ${x}`, `cvtss2sd ${x}, ${x}`, `mulsd ${x}, ${y}`],
];
const packed: readonly Statement[] = [
  ({ random }, x, y, z) => [...bounded(x, y), `${random.pick(["addpd", "mulpd", "divpd", "subpd"])} ${x}, ${y}`, `xorpd ${z}, ${x}`], // prettier-ignore
  (_, x, y) => [...bounded(x, y), `mulpd ${x}, ${y}`, `sqrtpd ${y}, ${x}`],
  ({ random }, x, y) => [`${random.pick(["unpcklpd", "unpckhpd", "movhlps", "movlhps"])} ${x}, ${y}`],
  ({ random }, x, y) => [`shufpd ${x}, ${y}, ${random.below(4)}`],
  ({ random }, x, y) => [`pshufd ${x}, ${y}, ${random.below(256)}`],
  ({ random }, x, y) => [`${random.pick(["paddq", "paddd", "psubw", "pxor", "punpckldq"])} ${x}, ${y}`],
  (place, x) => [`movhpd ${slot(place)}, ${x}`],
  (place, x) => [`movhpd ${x}, ${slot(place)}`],
];
/** From floating point to integers and back: scalar in either case. */
const crossings: readonly Statement[] = [
  ({ random }, x, y) => [...boundedLow(x), `cvttsd2si rax, ${x}`, `add ${random.pick(accumulators)}, rax`, ...boundedLow(y)], // prettier-ignore
  ({ random }, x, y) => [...boundedLow(x, y), `ucomisd ${x}, ${y}`, "seta al", "movzx eax, al", `add ${random.pick(accumulators)}, rax`], // prettier-ignore
  ({ random }, x) => [`mov eax, ${low32(random.pick(accumulators))}`, `cvtsi2sd ${x}, rax`],
];

/** A statement; of those with floating point the share `floats`, of these with both halves `packedShare`. */
export function statement(place: Place, floats: number, packedShare: number): readonly string[] {
  const { random } = place;
  const chance = (share: number): boolean => random.below(1000) < 1000 * share;
  const three = <T>(names: readonly T[]): readonly [T, T, T] => {
    const first = random.below(names.length);
    const step = 1 + random.below(names.length - 2);
    const name = (n: number) => names[(first + n * step) % names.length] as T;
    return [name(0), name(1), name(2)];
  };
  if (!chance(floats)) return random.pick(integers)(place, ...three(accumulators));
  const vectors = three(Array.from({ length: 8 }, (_, n) => `xmm${n}`));
  const from = random.below(6) === 0 ? crossings : chance(packedShare) ? packed : scalars;
  return random.pick(from)(place, ...vectors);
}

/** A few statements, one of them under a condition or repeated up to four times. */
export function statements(place: Place, floats: number, packedShare: number): readonly string[] {
  const { random } = place;
  const one = () => statement(place, floats, packedShare);
  const end = place.label();
  const test = `test ${low32(random.pick(accumulators))}, ${1 << random.below(20)}`;
  const how = random.below(8);
  if (how > 2) return [...one(), test, `j${random.pick(["z", "nz"])} ${end}`, ...one(), `${end}:`, ...one()];
  if (how > 0) return [...one(), ...one(), ...one()];
  const count = `mov ecx, ${low32(random.pick(accumulators))}`;
  return [...one(), count, "and ecx, 3", "push rcx", `${end}:`, `add ${random.pick(accumulators)}, 77`, "dec qword ptr [rsp]", `jns ${end}`, "pop rcx"]; // prettier-ignore
}
