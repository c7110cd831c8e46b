// Registers of a virtual CPU of FreeBSD's, one request each: who looks at registers has time. vmm has no way to the x87 and the vectors.
import { encode, viewOf } from "../../bytes/struct.js";
import type { Registers } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import {
  accessRights,
  isSegmentName,
  localTable,
  segmentAt,
  taskSegment,
  type SegmentName,
  type SegmentState,
} from "../segments.js";
import { system } from "../system.js";
import { registerNumbers, request, segmentDescriptor, vmRegister } from "./abi.js";
import { call, vmmError } from "../vmm.js";

export interface FreebsdRegisters extends Registers {
  /** Loads what selectors that were set name. */
  beforeRun(): void;
}

/** What debuggers ask for and vmm does not tell: 0. */
const unseen = /^(?:xmm(?:\d|1[0-5])|st[0-7]|fctrl|fstat|ftag|fioff|fooff|fop|mxcsr|cr8)$/;
const table = /^([gi]dt)_(base|limit)$/;
const base = /^([fg]s)_base$/;

const numberOf = (name: string): number => {
  const number = registerNumbers.get(name);
  if (number === undefined) throw new RangeError(`x86-64 has no register ${name}`);
  return number;
};

export function newRegisters(fd: number, memory: GuestMemory): FreebsdRegisters {
  const get = (name: string): bigint => {
    const data = encode(vmRegister, { cpuid: 0, register: numberOf(name), value: 0n });
    call(fd, request.GET_REGISTER, data, "cannot read registers");
    return vmRegister.read(viewOf(data), 0).value;
  };
  const set = (name: string, value: bigint): void =>
    call(
      fd,
      request.SET_REGISTER,
      encode(vmRegister, { cpuid: 0, register: numberOf(name), value: BigInt.asUintN(64, value) }),
      "cannot write registers",
    );
  const descriptor = (name: string): { base: bigint; limit: number; access: number } => {
    const data = encode(segmentDescriptor, { cpuid: 0, register: numberOf(name), base: 0n, limit: 0, access: 0 }); // prettier-ignore
    if (system().ioctl(fd, request.GET_SEGMENT_DESCRIPTOR, data) < 0)
      throw vmmError("cannot read segments", system().errorName());
    return segmentDescriptor.read(viewOf(data), 0);
  };
  const setDescriptor = (name: string, value: { base: bigint; limit: number; access: number }): void =>
    call(
      fd,
      request.SET_SEGMENT_DESCRIPTOR,
      encode(segmentDescriptor, { cpuid: 0, register: numberOf(name), ...value }),
      "cannot write segments",
    );
  const load = (name: string, segment: SegmentState): void => {
    setDescriptor(name, { base: segment.base, limit: segment.limit, access: accessRights(segment) });
    set(name, BigInt(segment.selector));
  };
  /** Selectors that were set: loaded when the descriptor table is known. */
  const pending = new Map<SegmentName, number>();

  load("tr", taskSegment);
  load("ldtr", localTable);
  return {
    get(name) {
      if (unseen.test(name)) return 0n;
      const [, which, field] = table.exec(name) ?? [];
      if (which !== undefined) {
        const found = descriptor(`${which}r`);
        return field === "base" ? found.base : BigInt(found.limit);
      }
      const [, segment] = base.exec(name) ?? [];
      if (segment !== undefined) return descriptor(segment).base;
      const selector = isSegmentName(name) ? pending.get(name) : undefined;
      return selector === undefined ? get(name) : BigInt(selector);
    },
    set(name, value) {
      if (unseen.test(name)) throw new RangeError(`vmm has no way to ${name}`);
      const [, which = "", field] = table.exec(name) ?? [];
      if (field !== undefined) {
        const found = descriptor(`${which}r`);
        setDescriptor(`${which}r`, {
          ...found,
          access: 0,
          ...(field === "base" ? { base: value } : { limit: Number(value & 0xffffn) }),
        });
        return;
      }
      const [, segment] = base.exec(name) ?? [];
      if (segment !== undefined) setDescriptor(segment, { ...descriptor(segment), base: value });
      else if (isSegmentName(name)) pending.set(name, Number(value));
      else set(name, value);
    },
    beforeRun() {
      if (pending.size === 0) return;
      const gdt = descriptor("gdtr").base;
      for (const [name, selector] of pending) load(name, segmentAt(memory, gdt, selector));
      pending.clear();
    },
  };
}
