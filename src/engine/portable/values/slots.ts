// Where the interpreter keeps the values of one instruction: slots of 16 bytes, each looked at as any type. A value is
// its slot's index in 32-bit units; integers of width 8 and 16 are zero-extended, of width 32 only the first unit counts.

const COUNT = 1024;

export class Slots {
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
  readonly u64: BigUint64Array;
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly view: DataView;
  /** The next free slot; each instruction starts from 0. */
  top = 0;

  constructor() {
    const buffer = new ArrayBuffer(COUNT * 16);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.i8 = new Int8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.view = new DataView(buffer);
  }
}
