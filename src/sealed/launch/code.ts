// Machine code being written: bytes, and jumps to labels that may come later. What both ISAs' assemblers stand on.

export interface MachineCode {
  readonly length: number;
  emit(...bytes: number[]): void;
  /** 32 bits, little endian; negative numbers as two's complement. */
  emit32(value: number): void;
  emit64(value: bigint): void;
  label(name: string): void;
  /** Leaves room for a jump of `size` bytes at this place; `patch` gives its bytes when the target is known. */
  jump(to: string, size: number, patch: (from: number, to: number) => readonly number[]): void;
  /** The finished code. Throws RangeError for a label that does not exist. */
  finish(): Uint8Array;
}

export const littleEndian32 = (value: number): readonly number[] => [
  value & 0xff,
  (value >> 8) & 0xff,
  (value >> 16) & 0xff,
  (value >> 24) & 0xff,
];

export function createCode(): MachineCode {
  const bytes: number[] = [];
  const labels = new Map<string, number>();
  const jumps: { at: number; to: string; patch: (from: number, to: number) => readonly number[] }[] = [];
  const emit = (...more: number[]): void => {
    bytes.push(...more);
  };
  const emit32 = (value: number): void => emit(...littleEndian32(value));
  return {
    get length() {
      return bytes.length;
    },
    emit,
    emit32,
    emit64(value) {
      emit32(Number(BigInt.asIntN(32, value)));
      emit32(Number(BigInt.asIntN(32, value >> 32n)));
    },
    label: (name) => void labels.set(name, bytes.length),
    jump(to, size, patch) {
      jumps.push({ at: bytes.length, to, patch });
      for (let i = 0; i < size; i++) bytes.push(0);
    },
    finish() {
      for (const { at, to, patch } of jumps) {
        const target = labels.get(to);
        if (target === undefined) throw new RangeError(`no label ${to}`);
        patch(at, target).forEach((byte, i) => (bytes[at + i] = byte));
      }
      return Uint8Array.from(bytes);
    },
  };
}
