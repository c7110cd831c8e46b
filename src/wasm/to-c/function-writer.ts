// A function's C while it is written: the stack of operands is variables by type and height, blocks are labels, and what is
// known of memory is not checked again. Locals and constants stay what they are until something is done with them, so that the C
// stays short.
import type { WasmType } from "../instructions.js";
import type { WasmFunction, WasmSignature } from "../module-reader.js";
import type { ModuleContext } from "./context.js";
import { cType, resultsName, slotName } from "./names.js";

/** A value on the stack: C that may be read any number of times. */
export interface Value {
  readonly type: WasmType;
  readonly c: string;
  /** The local that it is, until that is set. */
  readonly local?: number;
  /** A float that makes another operand the result. */
  readonly hidden?: string;
}

export interface Frame {
  readonly kind: "function" | "block" | "loop" | "if" | "else";
  readonly label: number;
  readonly params: readonly WasmType[];
  readonly results: readonly WasmType[];
  /** Of the stack below the parameters. */
  readonly height: number;
  /** How far from each local the memory is known to reach, at the block's start. */
  readonly checked: ReadonlyMap<number, number>;
  /** Locals set since. */
  readonly set: Set<number>;
  isTarget: boolean;
}

export class FunctionWriter {
  readonly fn: WasmFunction;
  readonly context: ModuleContext;
  readonly stack: Value[] = [];
  /** It calls another. */
  calls = false;
  /** Blocks within code that is never reached, or undefined where code is. */
  dead: number | undefined;
  readonly #lines: string[] = [];
  readonly #slots = new Map<string, WasmType>();
  readonly #frames: Frame[] = [];
  /** How far from each local the memory is known to reach. */
  #checked = new Map<number, number>();
  #labels = 0;

  constructor(fn: WasmFunction, context: ModuleContext) {
    this.fn = fn;
    this.context = context;
  }

  /** What stands between the braces. */
  body(): string {
    const { signature, locals } = this.fn;
    const declarations = [
      ...locals.map((type, i) => `${cType(type)} l${signature.params.length + i} = 0;`),
      ...[...this.#slots].map(([name, type]) => `${cType(type)} ${name};`),
      ...(this.calls ? ["WASM_ENTER();"] : []),
    ];
    return [...declarations, ...this.#lines].join("\n");
  }

  emit(line: string): void {
    this.#lines.push(line);
  }

  // ---- The stack ----

  #slot(type: WasmType, height: number): string {
    const name = slotName(type, height);
    this.#slots.set(name, type);
    return name;
  }

  pop(): Value {
    const value = this.stack.pop();
    if (value === undefined) throw new RangeError("the stack of operands is empty");
    return value;
  }

  popMany(count: number): Value[] {
    return this.stack.splice(this.stack.length - count, count);
  }

  /** Puts what `c` gives into the slot at the top. */
  push(type: WasmType, c: string): void {
    const slot = this.#slot(type, this.stack.length);
    this.emit(`${slot} = ${c};`);
    this.stack.push({ type, c: slot });
  }

  /** Results that lie in their slots. */
  pushSlots(types: readonly WasmType[]): void {
    for (const type of types) this.stack.push({ type, c: this.#slot(type, this.stack.length) });
  }

  /** Copies the value at `height` into its slot. */
  #settle(height: number): void {
    const value = this.stack[height];
    if (value === undefined) return;
    const slot = this.#slot(value.type, height);
    if (value.c !== slot) this.emit(`${slot} = ${value.hidden ?? value.c};`);
    this.stack[height] = { type: value.type, c: slot };
  }

  #settleLocals(local?: number): void {
    this.stack.forEach((value, height) => {
      if (value.local !== undefined && (local === undefined || value.local === local)) this.#settle(height);
    });
  }

  popC(): string {
    const { c, hidden } = this.pop();
    return hidden ?? c;
  }

  localType(local: number): WasmType {
    const { signature, locals } = this.fn;
    const { params } = signature;
    return params[local] ?? locals[local - params.length] ?? "i32";
  }

  // ---- Blocks ----

  open(kind: Frame["kind"], { params, results }: WasmSignature): Frame {
    const height = this.stack.length - params.length;
    this.#settleLocals();
    for (let i = height; i < this.stack.length; i++) this.#settle(i);
    const frame: Frame = {
      kind,
      label: this.#labels++,
      params,
      results,
      height,
      checked: new Map(this.#checked),
      set: new Set(),
      isTarget: false,
    };
    this.#frames.push(frame);
    return frame;
  }

  close(): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    if (this.dead === undefined) this.#settleResults(frame.results);
    this.dead = undefined;
    this.#frames.pop();
    this.stack.length = frame.height;
    const known = [...frame.checked].filter(([local]) => !frame.set.has(local));
    this.#checked = new Map(known);
    for (const local of frame.set) this.#frames.at(-1)?.set.add(local);
    if (frame.kind === "if" || frame.kind === "else") this.emit("}");
    if (frame.isTarget && frame.kind !== "loop") this.emit(`L${frame.label}:;`);
    this.pushSlots(frame.results);
    if (frame.kind === "function") this.emit(this.returnStatement());
  }

  else(): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    if (this.dead === undefined) this.#settleResults(frame.results);
    this.dead = undefined;
    this.emit("} else {");
    this.stack.length = frame.height;
    this.pushSlots(frame.params);
    this.#checked = new Map(frame.checked);
    this.#frames[this.#frames.length - 1] = { ...frame, kind: "else" };
  }

  #settleResults(results: readonly WasmType[]): void {
    for (let i = this.stack.length - results.length; i < this.stack.length; i++) this.#settle(i);
  }

  /** Code that goes to the block `depth` further out, with the values on top of the stack, which stay there. */
  branch(depth: number): string {
    const frame = this.#frames[this.#frames.length - 1 - depth];
    if (frame === undefined) throw new RangeError("a label without a block");
    const types = frame.kind === "loop" ? frame.params : frame.results;
    if (frame.kind === "function") return this.returnStatement();
    frame.isTarget = true;
    const values = this.stack.slice(this.stack.length - types.length);
    const moves = values.flatMap(({ type, c, hidden }, i) => {
      const slot = this.#slot(type, frame.height + i);
      return slot === c ? [] : [`${slot} = ${hidden ?? c};`];
    });
    return [...moves, `goto L${frame.label};`].join(" ");
  }

  returnStatement(): string {
    const { results } = this.fn.signature;
    const values = this.stack.slice(this.stack.length - results.length).map(({ c, hidden }) => hidden ?? c);
    if (results.length === 0) return "return;";
    if (results.length === 1) return `return ${values[0]};`;
    return `return (struct ${resultsName(results)}){ ${values.join(", ")} };`;
  }

  // ---- Memory ----

  /** What was known of these locals does not hold any more. */
  forget(locals: Iterable<number>): void {
    for (const local of locals) this.#checked.delete(local);
  }

  /** Checks an access that ends `end` bytes behind `value`, unless one as far from the same local has been. */
  check({ c, local }: Value, end: number): void {
    // A memory never shrinks.
    const constant = /^(\d+)u$/.exec(c)?.[1];
    const least = (this.context.module.memory?.min ?? 0) * 65_536;
    if (constant !== undefined && Number(constant) + end <= least) return;
    if (local !== undefined) {
      if ((this.#checked.get(local) ?? 0) >= end) return;
      this.#checked.set(local, end);
    }
    this.emit(`WASM_CHECK(${c}, ${end}u);`);
  }

  setLocal(local: number, value: Value): void {
    this.#settleLocals(local);
    this.#checked.delete(local);
    for (const frame of this.#frames) frame.set.add(local);
    this.emit(`l${local} = ${value.hidden ?? value.c};`);
  }
}
