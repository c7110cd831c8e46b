// Memory accesses of a block: those through one base register and small displacements share one check and one
// address. The check covers all of them, so where it fails the slow door decides about each by itself.
import { op } from "../../../wasm/opcodes.js";
import { constantOf, i32, i64, i64FromNumber, isConstant, type Node, node, wrap } from "./node.js";

/** Where guest memory is, and from which guest address on all of it may be read, and written, without asking. */
export interface MemoryShape {
  /** Offset of guest address 0 in the WebAssembly memory. */
  readonly base: number;
  readonly size: number;
  readonly readable: number;
  readonly writable: number;
}

/** Displacements of accesses that share a check lie within this many bytes. */
const SPAN = 4096;

/** A place where an access's constant offset goes, once the group's lowest displacement is known. */
interface Offset {
  imm: number;
}

interface Group {
  min: number;
  max: number;
  isStore: boolean;
  /** Constants of the check: what is added to the base, and what the sum must be below. */
  readonly low: Node;
  readonly limit: Node;
  /** Constant of the address: the lowest displacement. */
  readonly lowest: Node;
  readonly address: Node;
  readonly users: { readonly at: Offset; readonly displacement: number }[];
}

/** What an access needs: `check` is a condition to leave on before it, if it is not covered yet. */
export interface Place {
  readonly address: Node;
  readonly check: Node | undefined;
  /** To be called with the node or statement whose `imm` is the constant offset. */
  readonly use: (at: Offset) => void;
  /** The base, and the displacements that the check will cover once all accesses are placed. */
  readonly base: Node | undefined;
  readonly range: { readonly min: number; readonly max: number };
}

export interface Accesses {
  place(address: Node, sizeBytes: number, isStore: boolean): Place;
  /** Fills in offsets and limits; nothing is placed afterwards. */
  finish(): void;
}

export function accesses(shape: MemoryShape): Accesses {
  const groups = new Map<Node, Group[]>();

  const absolute = (at: number, size: number, isStore: boolean): Place => {
    const lowest = isStore ? shape.writable : shape.readable;
    const isInside = at >= lowest && at + size <= shape.size;
    return {
      address: i32(0),
      check: isInside ? undefined : i32(1),
      use: (offset) => (offset.imm = isInside ? shape.base + at : shape.base),
      base: undefined,
      range: { min: 0, max: 0 },
    };
  };

  const begin = (base: Node, displacement: number, size: number, isStore: boolean): Group => {
    const lowest = i32(0);
    // Not simplified: the constants are filled in at the end.
    const address = node(op["i32.add"], "i32", wrap(base), lowest);
    return {
      min: displacement,
      max: displacement + size,
      isStore,
      low: i64(0),
      limit: i64(0),
      lowest,
      address,
      users: [],
    };
  };

  const place = (address: Node, size: number, isStore: boolean): Place => {
    const known = constantOf(address);
    if (known !== undefined) return absolute(known, size, isStore);
    const { base, displacement } = split(address);
    const list = groups.get(base) ?? [];
    groups.set(base, list);
    let group = list.find(
      ({ min, max }) => Math.max(max, displacement + size) - Math.min(min, displacement) <= SPAN,
    );
    let check: Node | undefined;
    if (group === undefined) {
      group = begin(base, displacement, size, isStore);
      list.push(group);
      const sum = node(op["i64.add"], "i64", base, group.low);
      check = node(op["i64.ge_u"], "i32", sum, group.limit, undefined, 1);
    }
    group.min = Math.min(group.min, displacement);
    group.max = Math.max(group.max, displacement + size);
    group.isStore ||= isStore;
    const { users } = group;
    const use = (at: Offset) => users.push({ at, displacement });
    return { address: group.address, check, use, base, range: group };
  };

  const finish = () => {
    for (const list of groups.values()) list.forEach(finishGroup);
  };
  const finishGroup = (group: Group): void => {
    const lowest = group.isStore ? shape.writable : shape.readable;
    group.lowest.imm = group.min;
    set(group.low, group.min - lowest);
    set(group.limit, Math.max(0, shape.size - lowest - (group.max - group.min) + 1));
    for (const { at, displacement } of group.users) at.imm = shape.base + displacement - group.min;
  };
  return { place, finish };
}

function set(constant: Node, value: number): void {
  const { imm, high } = i64FromNumber(value);
  constant.imm = imm;
  constant.high = high;
}

/** A base and a displacement that is a constant. */
export function split(address: Node): { base: Node; displacement: number } {
  if (address.op === op["i64.add"] && address.a !== undefined && address.b !== undefined) {
    const displacement = isConstant(address.b) ? constantOf(address.b) : undefined;
    if (displacement !== undefined && Math.abs(displacement) < 2 ** 31)
      return { base: address.a, displacement };
  }
  return { base: address, displacement: 0 };
}
