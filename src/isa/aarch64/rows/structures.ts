// Loads and stores of vectors and of structures of one to four elements. Specification: Arm ARM (DDI 0487), C4.1.94 (Advanced SIMD
// load/store), C7.2 (LD1 to LD4, ST1 to ST4).
import type { Emitter } from "../emitter.js";
import { type Fields, type Instruction, rows, type Semantics } from "../instruction.js";
import { read } from "../operands.js";
import { extract, laneBits, replace, splat } from "../vector-operands.js";

const registerOf = (i: Instruction, n: number): number => (i.Rt + n) & 31;
const at = <V>(e: Emitter<V>, base: V, offset: number): V =>
  offset === 0 ? base : e.add(64, base, e.constant(64, offset));

/** The base register after the access: by a register, or by what was moved where that is ZR. */
function move<V>(e: Emitter<V>, i: Instruction, base: V, bytes: number, isPost: boolean): void {
  if (!isPost) return;
  const step = i.Rm === 31 ? e.constant(64, bytes) : read(e, 64, i.Rm);
  e.setRegister(64, i.Rn, e.add(64, base, step));
}

/** 16 bytes, each from one of several vectors. */
function gather<V>(
  e: Emitter<V>,
  vectors: readonly V[],
  from: readonly (readonly [vector: number, byte: number])[],
): V {
  const [first] = vectors;
  if (first === undefined) throw new RangeError("no vectors");
  let result: V = first;
  for (let n = 1; n < vectors.length; n++) {
    const lanes = from.map(([vector, byte], to) => {
      if (vector === n) return 16 + byte;
      // The first round takes from vector 0 what later ones only keep.
      return n === 1 && vector === 0 ? byte : to;
    });
    result = e.shuffle(lanes, result, vectors[n] ?? first);
  }
  return result;
}

/** Where byte `n` of register `register` lies among the bytes of interleaved structures. */
function interleaved(count: number, size: number, register: number, n: number): number {
  const lane = n >> size;
  return (((lane * count + register) << size) | (n & ((1 << size) - 1))) >>> 0;
}

const byteNumbers = Array.from({ length: 16 }, (_, n) => n);

/** Structures of `count` elements, interleaved where that is more than one, `registers` vectors in all. */
const multiple =
  (count: number, registers: number, isLoad: boolean, isPost: boolean): Semantics =>
  (e, i) => {
    const bytes = 8 << i.Q;
    const base = e.register(64, i.Rn);
    const numbers = Array.from({ length: registers }, (_, n) => n);
    if (isLoad) {
      const parts = numbers.map((n) => {
        const address = at(e, base, n * bytes);
        return i.Q === 1 ? e.load("v128", address) : e.vector("i64x2.splat", e.load(64, address));
      });
      move(e, i, base, registers * bytes, isPost);
      numbers.forEach((n) => {
        const from = byteNumbers.map((byte) => {
          const place = interleaved(count, i.size, n, byte % bytes);
          return [Math.floor(place / bytes), place % bytes] as const;
        });
        const value = count === 1 ? parts[n] : gather(e, parts, from);
        if (value === undefined) return;
        if (i.Q === 1) e.setSimd(registerOf(i, n), value);
        else e.setSimdLowZero(64, registerOf(i, n), extract(e, 3, 0, value));
      });
      return;
    }
    const values = numbers.map((n) => e.simd(registerOf(i, n)));
    /** What lies at each byte of memory. */
    const places: (readonly [vector: number, byte: number])[] = [];
    for (const n of numbers) {
      for (let byte = 0; byte < bytes; byte++) {
        const place = count === 1 ? n * bytes + byte : interleaved(count, i.size, n, byte);
        places[place] = [n, byte];
      }
    }
    numbers.forEach((n) => {
      const from = byteNumbers.map((byte) => places[n * bytes + (byte % bytes)] ?? ([0, 0] as const));
      const value = count === 1 ? values[n] : gather(e, values, from);
      if (value === undefined) return;
      const address = at(e, base, n * bytes);
      if (i.Q === 1) e.store("v128", address, value);
      else e.store(64, address, extract(e, 3, 0, value));
    });
    move(e, i, base, registers * bytes, isPost);
  };

/** The lane of a single structure: what Q, S and size say beside its size. */
const laneOf = (i: Instruction, size: number): number => ((i.Q << 3) | (i.S << 2) | i.size) >> size;

function loadElement<V>(e: Emitter<V>, size: number, address: V): V {
  const bits = laneBits(size);
  const value = e.load(bits, address);
  return bits < 32 ? e.extendUnsigned(32, bits, value) : value;
}

const oneLane =
  (count: number, size: number, isLoad: boolean, isPost: boolean): Semantics =>
  (e, i) => {
    const base = e.register(64, i.Rn);
    const lane = laneOf(i, size);
    const numbers = Array.from({ length: count }, (_, n) => n);
    const address = (n: number) => at(e, base, n << size);
    if (isLoad) {
      const loaded = numbers.map((n) => loadElement(e, size, address(n)));
      move(e, i, base, count << size, isPost);
      loaded.forEach((value, n) => {
        const register = registerOf(i, n);
        e.setSimd(register, replace(e, size, lane, e.simd(register), value));
      });
      return;
    }
    const bits = laneBits(size);
    for (const n of numbers) {
      const value = extract(e, size, lane, e.simd(registerOf(i, n)));
      e.store(bits, address(n), bits < 32 ? e.truncate(bits, 32, value) : value);
    }
    move(e, i, base, count << size, isPost);
  };

/** LD1R to LD4R: an element to all lanes. */
const replicate =
  (count: number, isPost: boolean): Semantics =>
  (e, i) => {
    const base = e.register(64, i.Rn);
    const loaded = Array.from({ length: count }, (_, n) => loadElement(e, i.size, at(e, base, n << i.size)));
    move(e, i, base, count << i.size, isPost);
    loaded.forEach((value, n) => {
      const register = registerOf(i, n);
      const all = splat(e, i.size, value);
      if (i.Q === 1) e.setSimd(register, all);
      else e.setSimdLowZero(64, register, extract(e, 3, 0, all));
    });
  };

const multiples: readonly (readonly [opcode: string, count: number, registers: number])[] = [
  ["0000", 4, 4],
  ["0010", 1, 4],
  ["0100", 3, 3],
  ["0110", 1, 3],
  ["0111", 1, 1],
  ["1000", 2, 2],
  ["1010", 1, 2],
];

/** Single structures' lanes: size, the opcode's upper two bits, and what S and size must be. */
const lanes: readonly (readonly [size: number, opcode: string, s: string, sizeBits: string])[] = [
  [0, "00", "S", "size"],
  [1, "01", "S", "size"],
  [2, "10", "S", "size=00"],
  [3, "10", "S=0", "size=01"],
];

const forms = [true, false].flatMap((isLoad) =>
  [false, true].map((isPost) => ({ isLoad, isPost, name: isLoad ? "LD" : "ST", l: isLoad ? 1 : 0 })),
);

/** Elements of 64 bits in one half are no structures. */
const notHalves =
  (count: number) =>
  ({ size, Q }: Fields): boolean =>
    count === 1 || size !== 3 || Q === 1;

export const simdStructureRows = forms.flatMap(({ isLoad, isPost, name, l }) => {
  const post = (text: string) => (isPost ? `[base], ${text}` : "[base]");
  return [
    ...multiples.flatMap(([opcode, count, registers]) =>
      rows(
        `${name}${count}`,
        { run: multiple(count, registers, isLoad, isPost), only: notHalves(count) },
        `0 Q 001100${isPost ? 1 : 0} ${l} 0 ${isPost ? "Rm" : "00000"} ${opcode} size Rn Rt | {${registers}.T}, ${post(`step*${registers}`)}`,
      ),
    ),
    ...[1, 2, 3, 4].flatMap((count) =>
      lanes.flatMap(([size, opcode, s, sizeBits]) =>
        rows(
          `${name}${count}`,
          {
            run: oneLane(count, size, isLoad, isPost),
            only: (i) => size !== 1 || (i.size & 1) === 0,
          },
          `0 Q 001101${isPost ? 1 : 0} ${l} ${(count - 1) & 1} ${isPost ? "Rm" : "00000"} ${opcode}${count > 2 ? 1 : 0} ${s} ${sizeBits} Rn Rt | {${count}.${"BHSD"[size]}}[lane], ${post(`step=${count << size}`)}`,
        ),
      ),
    ),
    ...(isLoad
      ? [1, 2, 3, 4].flatMap((count) =>
          rows(
            `LD${count}R`,
            { run: replicate(count, isPost) },
            `0 Q 001101${isPost ? 1 : 0} 1 ${(count - 1) & 1} ${isPost ? "Rm" : "00000"} 11${count > 2 ? 1 : 0} 0 size Rn Rt | {${count}.T}, ${post(`element*${count}`)}`,
          ),
        )
      : []),
  ];
});
