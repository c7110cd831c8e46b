// Breakpoints and watchpoints as gdb sets them, `Z` and `z`. GDB manual, E.2. Several may lie on one address.
import type { Access, BreakpointKind, Debuggable } from "../../engine/contract.js";

/** By the command's type: what the stop is called, and which accesses stop; code has no access. */
const kinds = [
  { stop: "swbreak", accesses: [] },
  { stop: "hwbreak", accesses: [] },
  { stop: "watch", accesses: ["write"] },
  { stop: "rwatch", accesses: ["read"] },
  { stop: "awatch", accesses: ["read", "write"] },
] as const satisfies readonly { stop: string; accesses: readonly Access[] }[];

/** Bytes. Longer watchpoints serve no purpose, and cost a check at every access. */
const longestWatch = 0x1000;

interface Point {
  readonly kind: (typeof kinds)[number];
  readonly address: bigint;
  readonly length: number;
}

const isCode = ({ kind }: Point): boolean => kind.accesses.length === 0;
const watches = ({ kind }: Point, access: Access): boolean =>
  (kind.accesses as readonly Access[]).includes(access);

export function createPoints(vcpu: Debuggable) {
  const points = new Map<string, Point>();
  /** Tells the virtual CPU, where no other point wants the same. */
  const apply = (point: Point, on: boolean): void => {
    const others = [...points.values()].filter((one) => one !== point && one.address === point.address);
    if (isCode(point)) {
      const kind: BreakpointKind = point.kind.stop === "hwbreak" ? "hardware" : "software";
      if (!others.some(isCode)) vcpu.setBreakpoint(point.address, on, kind);
      return;
    }
    for (const access of point.kind.accesses) {
      const isWanted = others.some((one) => one.length === point.length && watches(one, access));
      if (!isWanted) vcpu.setWatchpoint(point.address, point.length, access, on);
    }
  };
  return {
    /** Sets or clears a point of gdb's type 0 to 4; false where there is no such type or length, or none left. */
    set(type: number, address: bigint, length: number, on: boolean): boolean {
      const kind = kinds[type];
      if (kind === undefined || length > longestWatch || (kind.accesses.length > 0 && length < 1))
        return false;
      const key = `${type},${address},${length}`;
      if (points.has(key) === on) return true;
      const point = points.get(key) ?? { kind, address, length };
      if (on) points.set(key, point);
      try {
        apply(point, on);
      } catch (error) {
        points.delete(key);
        if (error instanceof RangeError) return false;
        throw error;
      }
      if (!on) points.delete(key);
      return true;
    },
    clear(): void {
      for (const [key, point] of points) {
        apply(point, false);
        points.delete(key);
      }
    },
    /** How a stop reply names the breakpoint at `pc`. */
    breakReason(pc: bigint): string {
      const point = [...points.values()].find((one) => isCode(one) && one.address === pc);
      return point === undefined ? "" : `${point.kind.stop}:;`;
    },
    /** How a stop reply names a watchpoint that an access from `address` on met: with an address inside it. */
    watchReason(address: bigint, access: Access): string {
      const candidates = [...points.values()].filter(
        (one) => watches(one, access) && address < one.address + BigInt(one.length),
      );
      const point = candidates.find((one) => address >= one.address) ?? candidates[0];
      if (point === undefined) return "";
      const inside = address > point.address ? address : point.address;
      return `${point.kind.stop}:${inside.toString(16)};`;
    },
  };
}
export type Points = ReturnType<typeof createPoints>;
