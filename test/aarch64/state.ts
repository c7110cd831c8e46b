// The state before and after one instruction, as native.c lays it out: what QEMU and an engine are given, and what is compared.

export const CODE = 0x20_0000;
export const CODE_SIZE = 0x20_0000;
/** Cases lie apart, so that short jumps meet nothing but BRK. */
export const CODE_STRIDE = 512;
export const CODE_CASES = CODE_SIZE / CODE_STRIDE - 2;
export const WINDOW_PAGE = 0x60_0000;
export const WINDOW = WINDOW_PAGE + 0xf00;
export const WINDOW_SIZE = 512;
export const CODE_MAX = 192;
export const BRK = 0xd420_0000 | 0;

export interface State {
  /** X0 to X30, and SP. */
  readonly x: bigint[];
  pc: bigint;
  nzcv: bigint;
  /** The signal that ended it, and the address that it was about. */
  signal: number;
  address: bigint;
  fpcr: bigint;
  fpsr: bigint;
  /** V0 to V31. */
  readonly v: bigint[];
  readonly window: Uint8Array;
  readonly code: Uint8Array;
}

const WORDS = 38 + 64;
const STATE_SIZE = WORDS * 8 + WINDOW_SIZE + CODE_MAX;
const low = (value: bigint) => BigInt.asUintN(64, value);

export function writeStates(states: readonly State[]): Uint8Array {
  const bytes = new Uint8Array(states.length * STATE_SIZE);
  const view = new DataView(bytes.buffer);
  states.forEach((s, n) => {
    const at = n * STATE_SIZE;
    const words = [
      ...s.x,
      s.pc,
      s.nzcv,
      0n,
      0n,
      s.fpcr,
      s.fpsr,
      ...s.v.flatMap((value) => [low(value), value >> 64n]),
    ];
    words.forEach((value, k) => view.setBigUint64(at + 8 * k, value, true));
    bytes.set(s.window, at + WORDS * 8);
    bytes.set(s.code, at + WORDS * 8 + WINDOW_SIZE);
  });
  return bytes;
}

export function readStates(bytes: Uint8Array): State[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const states: State[] = [];
  for (let at = 0; at + STATE_SIZE <= bytes.length; at += STATE_SIZE) {
    const word = (n: number) => view.getBigUint64(at + 8 * n, true);
    states.push({
      x: Array.from({ length: 32 }, (_, n) => word(n)),
      pc: word(32),
      nzcv: word(33),
      signal: Number(word(34)),
      address: word(35),
      fpcr: word(36),
      fpsr: word(37),
      v: Array.from({ length: 32 }, (_, n) => word(38 + 2 * n) | (word(39 + 2 * n) << 64n)),
      window: bytes.slice(at + WORDS * 8, at + WORDS * 8 + WINDOW_SIZE),
      code: bytes.slice(at + WORDS * 8 + WINDOW_SIZE, at + STATE_SIZE),
    });
  }
  return states;
}
