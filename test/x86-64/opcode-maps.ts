// Every encoding of the opcode maps that legacy prefixes reach, as bytes: one-byte, 0F, 0F 38 and 0F 3A, with mandatory
// prefixes and REX.W, each group's digits, with memory and with registers. Specification: Intel SDM volume 2, appendix A.

/** An encoding: its instruction may be shorter than the bytes, which end in INT3. */
export interface Point {
  readonly map: 0 | 1 | 2 | 3;
  readonly opcode: number;
  readonly prefixes: readonly number[];
  readonly modrm: number | undefined;
  readonly bytes: readonly number[];
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);
const all = range(0, 255);

/** Prefixes, the escape, and VEX and EVEX, whose maps are not here. */
const notOpcodes = new Set([0x0f, 0x26, 0x2e, 0x36, 0x3e, ...range(0x40, 0x4f), 0x62, ...range(0x64, 0x67)]);
for (const prefix of [0xc4, 0xc5, 0xf0, 0xf2, 0xf3]) notOpcodes.add(prefix);

const arithmetic = all.filter((opcode) => opcode < 0x40 && (opcode & 7) < 4);
const withModrm: readonly ReadonlySet<number>[] = [
  new Set([
    ...arithmetic,
    0x63,
    0x69,
    0x6b,
    ...range(0x80, 0x8f),
    0xc0,
    0xc1,
    0xc6,
    0xc7,
    ...range(0xd0, 0xd3),
    ...range(0xd8, 0xdf),
    0xf6,
    0xf7,
    0xfe,
    0xff,
  ]),
  new Set(
    all.filter(
      (opcode) =>
        !range(0x04, 0x0c).includes(opcode) &&
        ![0x0e, 0x77, 0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xaa].includes(opcode) &&
        !range(0x30, 0x3f).includes(opcode) &&
        !range(0x80, 0x8f).includes(opcode) &&
        !range(0xc8, 0xcf).includes(opcode),
    ),
  ),
  new Set(all),
  new Set(all),
];

/** Opcodes whose ModRM.rm is part of the opcode where it names a register. */
const wholeModrm = [new Set([0xc6, 0xc7, ...range(0xd8, 0xdf)]), new Set([0x01, 0x1e, 0xae, 0xc7])];

/** The register that memory is at, and another. */
const RBX = 3;
const RCX = 1;

function modrms(map: Point["map"], opcode: number): readonly (number | undefined)[] {
  if (withModrm[map]?.has(opcode) !== true) return [undefined];
  if (map >= 2) return [(2 << 3) | RBX, 0xc0 | (2 << 3) | RCX];
  const memory = range(0, 7).map((reg) => (reg << 3) | RBX);
  if (wholeModrm[map]?.has(opcode) === true) return [...memory, ...range(0xc0, 0xff)];
  return [...memory, ...range(0, 7).map((reg) => 0xc0 | (reg << 3) | RCX)];
}

const escapes = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]] as const;
const W = 0x48;
/** What most encodings are told apart by. */
export const plainPrefixes = [[], [0x66], [0xf2], [0xf3], [W], [0x66, W]];
/** Which of several counts, LOCK, and prefixes that count for nothing. */
export const morePrefixes = [
  [0x66, 0xf2],
  [0x66, 0xf3],
  [0xf2, 0x66],
  [0xf2, 0xf3],
  [0xf3, 0xf2],
  [0xf2, W],
  [0xf3, W],
  [0xf0],
  [0xf0, W],
  [0xf0, 0xf2],
  [W, 0x66],
  [0x2e, 0x64, 0x3e],
  [0x67],
];

/** BMI1 and BMI2: what VEX encodes and is no AVX. W, vvvv of no and of some register, and the prefix that it implies. */
export function vexPoints(): Point[] {
  const opcodes = [...range(0xf0, 0xf7).map((opcode) => [2, opcode] as const), [3, 0xf0] as const];
  return opcodes.flatMap(([map, opcode]) =>
    [0, 0x80].flatMap((w) =>
      [0x00, 0x78].flatMap((vvvv) =>
        [0, 1, 2, 3].flatMap((implied) =>
          [
            ...range(0, 7).map((reg) => (reg << 3) | RBX),
            ...range(0, 7).map((reg) => 0xc0 | (reg << 3) | RCX),
          ].map((modrm) => {
            const prefixes = [0xc4, 0xe0 | map, w | vvvv | implied];
            return { map, opcode, prefixes, modrm, bytes: [...prefixes, opcode, modrm] };
          }),
        ),
      ),
    ),
  );
}

/** All points with these prefixes. */
export function points(prefixes: readonly (readonly number[])[]): Point[] {
  return ([0, 1, 2, 3] as const).flatMap((map) =>
    all.flatMap((opcode) => {
      const isEscape = map === 1 && (opcode === 0x38 || opcode === 0x3a);
      if (isEscape || (map === 0 && notOpcodes.has(opcode))) return [];
      return modrms(map, opcode).flatMap((modrm) =>
        prefixes.map((before) => ({
          map,
          opcode,
          prefixes: before,
          modrm,
          bytes: [...before, ...(escapes[map] ?? []), opcode, ...(modrm === undefined ? [] : [modrm])],
        })),
      );
    }),
  );
}
