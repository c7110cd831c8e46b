// Registers of a virtual CPU of OpenBSD's: the state that lies in its exits, which is also what it starts with. vmm has no way to the
// x87 and the vectors.
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
import {
  allParts,
  part,
  registerPlaces,
  registersParams,
  regState,
  request,
  resetParams,
  segmentInfo,
  segmentPlace,
} from "./abi.js";
import { call } from "../vmm.js";

export interface OpenbsdRegisters extends Registers {
  /** Gives the virtual CPU what was set since it ran last, or its first state. */
  beforeRun(): void;
  /** Asks the kernel: an exit that was none may have brought nothing. */
  refresh(): void;
}

/** What debuggers ask for and vmm does not tell: 0. */
const unseen = /^(?:xmm(?:\d|1[0-5])|st[0-7]|fctrl|fstat|ftag|fioff|fooff|fop|mxcsr)$/;
const table = /^([gi]dt)_(base|limit)$/;
const base = /^([fg]s)_base$/;

/** `state` is a struct vcpu_reg_state, that of the exits. */
export function newRegisters(
  fd: number,
  vmId: number,
  state: Uint8Array,
  memory: GuestMemory,
): OpenbsdRegisters {
  const view = viewOf(state);
  let isFresh = true;
  /** Parts that were set. */
  let changed = 0;
  /** Selectors that were set: loaded when the descriptor table is known. */
  const pending = new Map<SegmentName, number>();
  const load = (name: string, segment: SegmentState): void => {
    changed |= part.segments;
    const { selector, limit, base: at } = segment;
    segmentInfo.write(view, segmentPlace(name), { selector, limit, access: accessRights(segment), base: at });
  };
  const place = (name: string): { readonly at: number; readonly part: number } => {
    const found = registerPlaces.get(name);
    if (found === undefined) throw new RangeError(`x86-64 has no register ${name}`);
    return found;
  };
  /** Where a field of a segment or table lies. */
  const fieldOf = (name: string): readonly [at: number, size: 4 | 8] | undefined => {
    const [, which, field = ""] = table.exec(name) ?? [];
    if (which !== undefined) {
      const at = segmentPlace(`${which}r`);
      return field === "base" ? [at + segmentInfo.offsets.base, 8] : [at + segmentInfo.offsets.limit, 4];
    }
    const [, segment] = base.exec(name) ?? [];
    return segment === undefined ? undefined : [segmentPlace(segment) + segmentInfo.offsets.base, 8];
  };
  const ask = (which: number, mask: number): Uint8Array => {
    const data = encode(registersParams, {
      vmId,
      vcpuId: 0,
      mask: BigInt(mask),
      state: regState.read(view, 0),
    });
    call(fd, which, data, which === request.READREGS ? "cannot read registers" : "cannot write registers");
    return data;
  };

  load("tr", taskSegment);
  load("ldtr", localTable);
  view.setUint32(segmentPlace("idtr") + segmentInfo.offsets.limit, 0xffff, true);
  // The x87 is the least that XCR0 can have.
  view.setBigUint64(place("xcr0").at, 1n, true);
  return {
    get(name) {
      if (unseen.test(name)) return 0n;
      const [at, size] = fieldOf(name) ?? [];
      if (at !== undefined)
        return size === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
      const selector = isSegmentName(name) ? pending.get(name) : undefined;
      if (selector !== undefined) return BigInt(selector);
      if (isSegmentName(name) || name === "tr") return BigInt(view.getUint16(segmentPlace(name), true));
      return view.getBigUint64(place(name).at, true);
    },
    set(name, value) {
      if (unseen.test(name)) throw new RangeError(`vmm has no way to ${name}`);
      const [at, size] = fieldOf(name) ?? [];
      if (at !== undefined) {
        changed |= part.segments;
        if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
        else view.setUint32(at, Number(value & 0xffffn), true);
      } else if (isSegmentName(name)) pending.set(name, Number(value));
      else {
        const found = place(name);
        changed |= found.part;
        view.setBigUint64(found.at, BigInt.asUintN(64, value), true);
      }
    },
    beforeRun() {
      if (pending.size > 0) {
        const gdt = view.getBigUint64(segmentPlace("gdtr") + segmentInfo.offsets.base, true);
        for (const [name, selector] of pending) load(name, segmentAt(memory, gdt, selector));
        pending.clear();
      }
      if (isFresh) {
        const params = encode(resetParams, { vmId, vcpuId: 0, state: regState.read(view, 0) });
        call(fd, request.RESETCPU, params, "cannot set up the virtual CPU");
        isFresh = false;
      } else if (changed !== 0) ask(request.WRITEREGS, changed);
      changed = 0;
    },
    refresh() {
      if (isFresh) return;
      const data = ask(request.READREGS, allParts);
      state.set(data.subarray(registersParams.offsets.state, registersParams.size));
    },
  };
}
