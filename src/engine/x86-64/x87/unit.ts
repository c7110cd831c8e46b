// The x87's registers in the state area: the stack, its tags, control and status words, and how results get there.
// Specification: Intel SDM volume 1, chapter 8.
import type { Cpu } from "../cpu.js";
import { GuestFault, vector } from "../fault.js";
import { state } from "../state.js";
import { type F80, flag, indefinite, type Rounded, type Rounding } from "./f80.js";

export const condition = { C0: 0x100, C1: 0x200, C2: 0x400, C3: 0x4000 } as const;
const ES = 0x80;
const BUSY = 0x8000;

export class Unit {
  readonly #cpu: Cpu;
  readonly #view: DataView;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
    this.#view = new DataView(cpu.u8.buffer, cpu.u8.byteOffset, cpu.u8.byteLength);
  }

  get control(): number {
    return this.#cpu.u16[state.x87Control >> 1] ?? 0;
  }

  set control(value: number) {
    // Bit 6 is always set.
    this.#cpu.u16[state.x87Control >> 1] = (value & 0x1f3f) | 0x40;
    this.#summarize();
  }

  get status(): number {
    return this.#cpu.u16[state.x87Status >> 1] ?? 0;
  }

  set status(value: number) {
    this.#cpu.u16[state.x87Status >> 1] = value;
    this.#summarize();
  }

  /** One bit for each physical register: in use. */
  get used(): number {
    return this.#cpu.u16[state.x87Tag >> 1] ?? 0;
  }

  set used(value: number) {
    this.#cpu.u16[state.x87Tag >> 1] = value;
  }

  /** FIP: the last instruction that was none of the control instructions. */
  get pointer(): bigint {
    return this.#cpu.u64[state.x87Pointer >> 3] ?? 0n;
  }

  set pointer(value: bigint) {
    this.#cpu.u64[state.x87Pointer >> 3] = value;
  }

  /** FDP and FOP, of the last one whose exception was not masked. */
  get operand(): bigint {
    return this.#cpu.u64[state.x87Operand >> 3] ?? 0n;
  }

  set operand(value: bigint) {
    this.#cpu.u64[state.x87Operand >> 3] = value;
  }

  get opcode(): number {
    return this.#cpu.u16[state.x87Opcode >> 1] ?? 0;
  }

  set opcode(value: number) {
    this.#cpu.u16[state.x87Opcode >> 1] = value & 0x7ff;
  }

  /** An unmasked exception waits for the next instruction. */
  get isPending(): boolean {
    return (this.status & ES) !== 0;
  }

  get top(): number {
    return (this.status >> 11) & 7;
  }

  set top(value: number) {
    this.status = (this.status & ~0x3800) | ((value & 7) << 11);
  }

  get rounding(): Rounding {
    const precision = [24, 64, 53, 64][(this.control >> 8) & 3] ?? 64;
    return { precision, mode: (this.control >> 10) & 3 };
  }

  /** ES and B follow from flags and masks. */
  #summarize(): void {
    const status = this.#cpu.u16[state.x87Status >> 1] ?? 0;
    const pending = (status & ~this.control & 0x3f) !== 0;
    this.#cpu.u16[state.x87Status >> 1] = pending ? status | ES | BUSY : status & ~(ES | BUSY);
  }

  /** #NM where the unit is switched off, #MF where an unmasked exception waits. */
  check(waits: boolean): void {
    if (this.#cpu.isX87Off) throw new GuestFault(vector.NM, 0, "x87 switched off by CR0");
    if (waits && this.isPending) throw new GuestFault(vector.MF, 0, "an x87 exception is pending");
  }

  /** Registers by physical number. */
  raw(physical: number): F80 {
    const at = state.x87 + physical * 16;
    const upper = this.#view.getUint16(at + 8, true);
    return {
      sign: (upper >> 15) as 0 | 1,
      exponent: upper & 0x7fff,
      significand: this.#view.getBigUint64(at, true),
    };
  }

  setRaw(physical: number, { sign, exponent, significand }: F80): void {
    const at = state.x87 + physical * 16;
    this.#view.setBigUint64(at, significand, true);
    this.#view.setUint16(at + 8, (sign << 15) | exponent, true);
  }

  isEmpty(index: number): boolean {
    return ((this.used >> ((this.top + index) & 7)) & 1) === 0;
  }

  get(index: number): F80 {
    return this.raw((this.top + index) & 7);
  }

  set(index: number, value: F80): void {
    const physical = (this.top + index) & 7;
    this.setRaw(physical, value);
    this.used |= 1 << physical;
  }

  pop(): void {
    this.used &= ~(1 << this.top);
    this.top++;
  }

  /** Sets sticky flags; C1 is what the flags say. */
  signal(flags: number): void {
    this.status = (this.status & ~flag.C1) | flags;
  }

  /** Whether an exception that the flags report is masked: a result is only written then. */
  allows(flags: number): boolean {
    return (flags & ~this.control & 0x3f & (flag.IE | flag.DE | flag.ZE)) === 0;
  }

  /** Stack underflow of any of these registers: tells it and gives true. */
  underflows(...indices: readonly number[]): boolean {
    if (!indices.some((index) => this.isEmpty(index))) return false;
    this.signal(flag.IE | flag.SF);
    return true;
  }

  /** Writes a result with its flags. */
  finish(index: number, { value, flags }: Rounded): void {
    this.signal(flags);
    if (this.allows(flags)) this.set(index, value);
  }

  /** Pushes a value with its flags; onto a full stack the indefinite one. */
  push({ value, flags }: Rounded): void {
    const below = (this.top + 7) & 7;
    if (((this.used >> below) & 1) === 1) {
      this.signal(flag.IE | flag.SF | flag.C1);
      if (!this.allows(flag.IE)) return;
      this.top = below;
      this.set(0, indefinite);
      return;
    }
    this.signal(flags);
    if (!this.allows(flags & ~flag.DE)) return;
    this.top = below;
    this.set(0, value);
  }

  /** FNINIT. */
  reset(): void {
    this.used = 0;
    this.control = 0x37f;
    this.status = 0;
    this.pointer = 0n;
    this.operand = 0n;
    this.opcode = 0;
  }
}
