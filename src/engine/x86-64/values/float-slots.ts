// Values with the modes of floating point: those of MXCSR, which is looked at where an instruction computes.
import { Slots } from "../../portable/values/slots.js";

export class FloatSlots extends Slots {
  /** MXCSR as it was when the following were taken from it. */
  mxcsr = 0x1f80;
  /** MXCSR.RC: 0 to nearest, 1 down, 2 up, 3 to zero. */
  rounding = 0;
  /** Denormal operands are zeros. */
  daz = false;
  /** Results too small to be normal are zeros: FTZ counts where underflow is masked. */
  ftz = false;
  /** Exception flags of MXCSR that an instruction's operations have raised so far. */
  flags = 0;
  /** The instruction names its own mode: `nearest` is to nearest whatever MXCSR says. */
  roundsItself = false;

  /** Takes rounding and modes from MXCSR. */
  configure(mxcsr: number): void {
    this.mxcsr = mxcsr;
    this.rounding = (mxcsr >> 13) & 3;
    this.daz = (mxcsr & 0x40) !== 0;
    this.ftz = (mxcsr & 0x8800) === 0x8800;
  }
}
