// The state before and after one instruction, as native.c lays it out: what the real CPU and an engine are given, and
// what is compared.

export const CODE = 0x20_0000;
/** Cases lie apart, so that short jumps meet nothing but INT3. */
export const CODE_STRIDE = 512;
export const CODE_CASES = 0x20_0000 / CODE_STRIDE - 2;
export const WINDOW_PAGE = 0x50_0000;
export const WINDOW = WINDOW_PAGE + 0xf00;
export const WINDOW_SIZE = 512;
export const CODE_MAX = 192;
export const FX_SIZE = 416;
const STATE_SIZE = 22 * 8 + FX_SIZE + WINDOW_SIZE + CODE_MAX;

export interface State {
  /** By their numbers in encodings. */
  readonly gpr: bigint[];
  rip: bigint;
  rflags: bigint;
  /** Exception vector, error code and CR2. */
  trap: number;
  error: bigint;
  address: bigint;
  /** The beginning of FXSAVE's image. */
  readonly fx: Uint8Array;
  readonly window: Uint8Array;
  readonly code: Uint8Array;
}

export const xmmAt = (n: number) => 160 + 16 * n;

export function writeStates(states: readonly State[]): Uint8Array {
  const bytes = new Uint8Array(states.length * STATE_SIZE);
  const view = new DataView(bytes.buffer);
  states.forEach((state, n) => {
    const at = n * STATE_SIZE;
    state.gpr.forEach((value, r) => view.setBigUint64(at + 8 * r, value, true));
    view.setBigUint64(at + 128, state.rip, true);
    view.setBigUint64(at + 136, state.rflags, true);
    bytes.set(state.fx, at + 176);
    bytes.set(state.window, at + 176 + FX_SIZE);
    bytes.set(state.code, at + 176 + FX_SIZE + WINDOW_SIZE);
  });
  return bytes;
}

export function readStates(bytes: Uint8Array): State[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const states: State[] = [];
  for (let at = 0; at + STATE_SIZE <= bytes.length; at += STATE_SIZE) {
    const u64 = (offset: number) => view.getBigUint64(at + offset, true);
    states.push({
      gpr: Array.from({ length: 16 }, (_, r) => u64(8 * r)),
      rip: u64(128),
      rflags: u64(136),
      trap: Number(u64(144)),
      error: u64(152),
      address: u64(160),
      fx: bytes.slice(at + 176, at + 176 + FX_SIZE),
      window: bytes.slice(at + 176 + FX_SIZE, at + 176 + FX_SIZE + WINDOW_SIZE),
      code: bytes.slice(at + 176 + FX_SIZE + WINDOW_SIZE, at + STATE_SIZE),
    });
  }
  return states;
}

/** As a process begins: all exceptions of the x87 and of SSE masked. */
export function initialFx(): Uint8Array {
  const fx = new Uint8Array(FX_SIZE);
  const view = new DataView(fx.buffer);
  view.setUint16(0, 0x37f, true);
  view.setUint32(24, 0x1f80, true);
  return fx;
}

/** Before the first instruction of `code` at `pc`. */
export const stateBefore = (
  pc: number,
  code: Uint8Array,
  gpr: readonly bigint[],
  fx = initialFx(),
): State => ({
  gpr: [...gpr],
  rip: BigInt(pc),
  rflags: 0x202n,
  trap: 0,
  error: 0n,
  address: 0n,
  fx,
  window: new Uint8Array(WINDOW_SIZE),
  code,
});
