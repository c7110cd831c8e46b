// One function's code as C: the stack of operands becomes variables by type and height, blocks become labels. WebAssembly core
// specification 4.4. Locals and constants stay what they are until something is done with them, so that the C stays short.
import type { BlockType, Instruction, WasmType } from "../instructions.js";
import type { ParsedModule, WasmFunction, WasmSignature } from "../module-reader.js";
import { floatConstant } from "./constants.js";
import { cType, names, resultsName, returnType, slotName, type Naming } from "./names.js";
import { accessOf, operators } from "./operators.js";

/** What is known of the whole module while its functions are written. */
export interface ModuleContext {
  readonly module: ParsedModule;
  readonly naming: Naming;
  /** Equal types have one number. */
  typeNumber(signature: WasmSignature): number;
  tableCapacity(table: number): number;
  readonly mostPages: number;
}

/** A value on the stack: C that may be read any number of times. */
interface Value {
  readonly type: WasmType;
  readonly c: string;
  /** The local that it is, until that is set. */
  readonly local?: number;
  /** A float that makes another operand the result. */
  readonly hidden?: string;
}

interface Frame {
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

export function functionSource(index: number, fn: WasmFunction, context: ModuleContext): string {
  return new FunctionWriter(index, fn, context).write();
}

/** The C name that calls of a function go to. */
export function calleeName({ module, naming }: ModuleContext, index: number): string {
  const imported = module.functions[index]?.imported;
  return imported === undefined ? names.function(index) : naming.imported(imported);
}

class FunctionWriter {
  readonly #index: number;
  readonly #fn: WasmFunction;
  readonly #context: ModuleContext;
  readonly #lines: string[] = [];
  readonly #slots = new Map<string, WasmType>();
  readonly #stack: Value[] = [];
  readonly #frames: Frame[] = [];
  readonly #localTypes: readonly WasmType[];
  readonly #setInLoop: ReadonlyMap<Instruction, ReadonlySet<number>>;
  #checked = new Map<number, number>();
  #labels = 0;
  #calls = false;
  /** Blocks within code that is never reached, or undefined where code is. */
  #dead: number | undefined;

  constructor(index: number, fn: WasmFunction, context: ModuleContext) {
    this.#index = index;
    this.#fn = fn;
    this.#context = context;
    this.#localTypes = [...fn.signature.params, ...fn.locals];
    this.#setInLoop = localsSetInLoops(fn.code);
  }

  write(): string {
    const { signature, locals, code } = this.#fn;
    this.#open("function", { params: [], results: signature.results });
    for (const instruction of code) this.#instruction(instruction);
    const declarations = [
      ...locals.map((type, i) => `${cType(type)} l${signature.params.length + i} = 0;`),
      ...[...this.#slots].map(([name, type]) => `${cType(type)} ${name};`),
      ...(this.#calls ? ["WASM_ENTER();"] : []),
    ];
    const params = signature.params.map((type, i) => `${cType(type)} l${i}`).join(", ");
    const head = `${returnType(signature)} ${names.function(this.#index)}(${params === "" ? "void" : params})`;
    return `${head}\n{\n${[...declarations, ...this.#lines].join("\n")}\n}\n`;
  }

  #emit(line: string): void {
    this.#lines.push(line);
  }

  // ---- The stack ----

  #slot(type: WasmType, height: number): string {
    const name = slotName(type, height);
    this.#slots.set(name, type);
    return name;
  }

  #pop(): Value {
    const value = this.#stack.pop();
    if (value === undefined) throw new RangeError("the stack of operands is empty");
    return value;
  }

  #popMany(count: number): Value[] {
    return this.#stack.splice(this.#stack.length - count, count);
  }

  /** Puts what `c` gives into the slot at the top. */
  #push(type: WasmType, c: string): void {
    const slot = this.#slot(type, this.#stack.length);
    this.#emit(`${slot} = ${c};`);
    this.#stack.push({ type, c: slot });
  }

  /** Results that lie in their slots. */
  #pushSlots(types: readonly WasmType[]): void {
    for (const type of types) this.#stack.push({ type, c: this.#slot(type, this.#stack.length) });
  }

  /** Copies the value at `height` into its slot. */
  #settle(height: number): void {
    const value = this.#stack[height];
    if (value === undefined) return;
    const slot = this.#slot(value.type, height);
    if (value.c !== slot) this.#emit(`${slot} = ${value.hidden ?? value.c};`);
    this.#stack[height] = { type: value.type, c: slot };
  }

  #settleLocals(local?: number): void {
    this.#stack.forEach((value, height) => {
      if (value.local !== undefined && (local === undefined || value.local === local)) this.#settle(height);
    });
  }

  // ---- Blocks ----

  #blockSignature(block: BlockType): WasmSignature {
    if ("index" in block) return this.#context.module.types[block.index] ?? { params: [], results: [] };
    return { params: [], results: block.result === undefined ? [] : [block.result] };
  }

  #open(kind: Frame["kind"], { params, results }: WasmSignature): Frame {
    const height = this.#stack.length - params.length;
    this.#settleLocals();
    for (let i = height; i < this.#stack.length; i++) this.#settle(i);
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

  #close(): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    if (this.#dead === undefined) this.#settleResults(frame.results);
    this.#dead = undefined;
    this.#frames.pop();
    this.#stack.length = frame.height;
    const known = [...frame.checked].filter(([local]) => !frame.set.has(local));
    this.#checked = new Map(known);
    for (const local of frame.set) this.#frames.at(-1)?.set.add(local);
    if (frame.kind === "if" || frame.kind === "else") this.#emit("}");
    if (frame.isTarget && frame.kind !== "loop") this.#emit(`L${frame.label}:;`);
    this.#pushSlots(frame.results);
    if (frame.kind === "function") this.#return();
  }

  #else(): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    if (this.#dead === undefined) this.#settleResults(frame.results);
    this.#dead = undefined;
    this.#emit("} else {");
    this.#stack.length = frame.height;
    this.#pushSlots(frame.params);
    this.#checked = new Map(frame.checked);
    this.#frames[this.#frames.length - 1] = { ...frame, kind: "else" };
  }

  #settleResults(results: readonly WasmType[]): void {
    for (let i = this.#stack.length - results.length; i < this.#stack.length; i++) this.#settle(i);
  }

  /** Code that goes to the block `depth` further out, with the values on top of the stack, which stay there. */
  #branch(depth: number): string {
    const frame = this.#frames[this.#frames.length - 1 - depth];
    if (frame === undefined) throw new RangeError("a label without a block");
    const types = frame.kind === "loop" ? frame.params : frame.results;
    if (frame.kind === "function") return this.#returnStatement();
    frame.isTarget = true;
    const values = this.#stack.slice(this.#stack.length - types.length);
    const moves = values.flatMap(({ type, c, hidden }, i) => {
      const slot = this.#slot(type, frame.height + i);
      return slot === c ? [] : [`${slot} = ${hidden ?? c};`];
    });
    return [...moves, `goto L${frame.label};`].join(" ");
  }

  #returnStatement(): string {
    const { results } = this.#fn.signature;
    const values = this.#stack.slice(this.#stack.length - results.length).map(({ c, hidden }) => hidden ?? c);
    if (results.length === 0) return "return;";
    if (results.length === 1) return `return ${values[0]};`;
    return `return (struct ${resultsName(results)}){ ${values.join(", ")} };`;
  }

  #return(): void {
    this.#emit(this.#returnStatement());
  }

  #unreachable(): void {
    this.#dead = 0;
  }

  // ---- Memory ----

  /** Checks an access that ends `end` bytes behind `value`, unless one as far from the same local has been. */
  #check({ c, local }: Value, end: number): void {
    // A memory never shrinks.
    const constant = /^(\d+)u$/.exec(c)?.[1];
    const least = (this.#context.module.memory?.min ?? 0) * 65_536;
    if (constant !== undefined && Number(constant) + end <= least) return;
    if (local !== undefined) {
      if ((this.#checked.get(local) ?? 0) >= end) return;
      this.#checked.set(local, end);
    }
    this.#emit(`WASM_CHECK(${c}, ${end}u);`);
  }

  #setLocal(local: number, value: Value): void {
    this.#settleLocals(local);
    this.#checked.delete(local);
    for (const frame of this.#frames) frame.set.add(local);
    this.#emit(`l${local} = ${value.hidden ?? value.c};`);
  }

  // ---- Instructions ----

  #instruction(instruction: Instruction): void {
    const { name, block } = instruction;
    if (this.#dead !== undefined) {
      if (block !== undefined) this.#dead++;
      else if (name === "end" && this.#dead > 0) this.#dead--;
      else if (name === "end") this.#close();
      else if (name === "else" && this.#dead === 0) this.#else();
      return;
    }
    const operator = operators.get(name);
    if (operator !== undefined) {
      const values = this.#popMany(operator.operands.length);
      const read = ({ c, hidden }: Value) => (operator.arithmetic ? (hidden ?? c) : c);
      return this.#push(
        operator.result,
        operator.c.replaceAll(/\$(\d)/g, (_, i: string) => {
          const value = values[Number(i)];
          return value === undefined ? "" : read(value);
        }),
      );
    }
    const access = accessOf(instruction.name);
    if (access !== undefined) {
      const offset = instruction.at[0] ?? 0;
      const value = name.includes("store") ? this.#pop() : undefined;
      const address = this.#pop();
      this.#check(address, offset + access.bytes);
      const at = `WASM_AT(${address.c}, ${offset}u)`;
      if (value !== undefined) return this.#emit(`wasm_store_${access.as}(${at}, (${access.as})${value.c});`);
      const widened = access.as.startsWith("s") ? `(u${access.type.slice(1)})(s${access.type.slice(1)})` : "";
      return this.#push(access.type, `${widened}wasm_load_${access.as}(${at})`);
    }
    this.#other(instruction);
  }

  #other(instruction: Instruction): void {
    const { name, at, block, wide = 0n } = instruction;
    const [first = 0, second = 0] = at;
    const { module } = this.#context;
    switch (name) {
      case "nop":
        return;
      case "unreachable":
        this.#emit("wasm_trap(WASM_UNREACHABLE);");
        return this.#unreachable();
      case "block":
        this.#open("block", this.#blockSignature(block ?? { result: undefined }));
        return;
      case "loop": {
        for (const local of this.#setInLoop.get(instruction) ?? []) this.#checked.delete(local);
        const frame = this.#open("loop", this.#blockSignature(block ?? { result: undefined }));
        return this.#emit(`L${frame.label}:;`);
      }
      case "if": {
        const condition = this.#pop();
        // The condition is read before the values of the block are put where they belong, none of which is higher.
        this.#open("if", this.#blockSignature(block ?? { result: undefined }));
        return this.#emit(`if (${condition.c}) {`);
      }
      case "else":
        return this.#else();
      case "end":
        return this.#close();
      case "br":
        this.#emit(this.#branch(first));
        return this.#unreachable();
      case "br_if": {
        const condition = this.#pop();
        return this.#emit(`if (${condition.c}) { ${this.#branch(first)} }`);
      }
      case "br_table": {
        const index = this.#pop();
        const cases = at.slice(0, -1).map((depth, i) => `case ${i}: ${this.#branch(depth)}`);
        const otherwise = `default: ${this.#branch(at.at(-1) ?? 0)}`;
        this.#emit(`switch (${index.c}) {\n${[...cases, otherwise].join("\n")}\n}`);
        return this.#unreachable();
      }
      case "return":
        this.#return();
        return this.#unreachable();
      case "call": {
        const signature = module.functions[first]?.signature ?? { params: [], results: [] };
        return this.#call(signature, calleeName(this.#context, first));
      }
      case "call_indirect": {
        const signature = module.types[first] ?? { params: [], results: [] };
        const index = this.#pop();
        const found = `wasm_callee(${names.table(second)}, ${names.tableSize(second)}, ${index.c}, ${this.#context.typeNumber(signature)})`;
        const types = signature.params.map(cType).join(", ");
        return this.#call(
          signature,
          `((${returnType(signature)} (*)(${types === "" ? "void" : types}))${found}->call)`,
        );
      }
      case "drop":
        this.#pop();
        return;
      case "select":
      case "select t": {
        const [a, b, condition] = this.#popMany(3);
        if (a === undefined || b === undefined || condition === undefined) return;
        return this.#push(a.type, `${condition.c} ? ${a.hidden ?? a.c} : ${b.hidden ?? b.c}`);
      }
      case "local.get": {
        const type = this.#localTypes[first] ?? "i32";
        this.#stack.push({ type, c: `l${first}`, local: first });
        return;
      }
      case "local.set":
        return this.#setLocal(first, this.#pop());
      case "local.tee":
        this.#setLocal(first, this.#pop());
        this.#stack.push({ type: this.#localTypes[first] ?? "i32", c: `l${first}`, local: first });
        return;
      case "global.get":
        return this.#push(module.globals[first]?.type ?? "i32", this.#global(first));
      case "global.set":
        return this.#emit(`${this.#global(first)} = ${this.#popC()};`);
      case "i32.const":
        this.#stack.push({ type: "i32", c: `${first >>> 0}u` });
        return;
      case "i64.const":
        this.#stack.push({ type: "i64", c: `${BigInt.asUintN(64, wide)}ul` });
        return;
      case "f32.const":
      case "f64.const":
        this.#stack.push(
          name === "f32.const" ? floatConstant("f32", BigInt(first)) : floatConstant("f64", wide),
        );
        return;
      default:
        return this.#bulk(instruction);
    }
  }

  #popC(): string {
    const { c, hidden } = this.#pop();
    return hidden ?? c;
  }

  #global(index: number): string {
    const imported = this.#context.module.globals[index]?.imported;
    return imported === undefined ? names.global(index) : this.#context.naming.imported(imported);
  }

  #call({ params, results }: WasmSignature, callee: string): void {
    this.#calls = true;
    const args = this.#popMany(params.length).map(({ c, hidden }) => hidden ?? c);
    const call = `${callee}(${args.join(", ")})`;
    const [only] = results;
    if (only === undefined) return this.#emit(`${call};`);
    if (results.length === 1) return this.#push(only, call);
    const height = this.#stack.length;
    this.#pushSlots(results);
    const moves = results.map((type, i) => `${slotName(type, height + i)} = r.v${i};`);
    this.#emit(`{ struct ${resultsName(results)} r = ${call}; ${moves.join(" ")} }`);
  }

  /** Memory and tables as a whole, and references. */
  #bulk({ name, at, type }: Instruction): void {
    const [first = 0, second = 0] = at;
    const table = (index: number) => `${names.table(index)}, ${names.tableSize(index)}`;
    const tableType = (index: number) => this.#context.module.tables[index]?.type ?? "funcref";
    const args = (count: number) =>
      this.#popMany(count)
        .map(({ c }) => c)
        .join(", ");
    switch (name) {
      case "memory.size":
        return this.#push("i32", "(u32)(wasm_memory_size >> 16)");
      case "memory.grow":
        return this.#push("i32", `wasm_memory_grow(${this.#popC()}, ${this.#context.mostPages}u)`);
      case "memory.copy":
        return this.#emit(`wasm_memory_copy(${args(3)});`);
      case "memory.fill":
        return this.#emit(`wasm_memory_fill(${args(3)});`);
      case "memory.init":
        return this.#emit(`wasm_memory_init(${args(3)}, ${names.data(first)}, ${names.dataSize(first)});`);
      case "data.drop":
        return this.#emit(`${names.dataSize(first)} = 0;`);
      case "table.get":
        return this.#push(tableType(first), `wasm_table_get(${table(first)}, ${this.#popC()})`);
      case "table.set":
        return this.#emit(`wasm_table_set(${table(first)}, ${args(2)});`);
      case "table.size":
        return this.#push("i32", names.tableSize(first));
      case "table.grow": {
        const most = this.#context.tableCapacity(first);
        const [value, count] = this.#popMany(2);
        const operands = `${value?.c}, ${count?.c}`;
        return this.#push(
          "i32",
          `wasm_table_grow(${names.table(first)}, &${names.tableSize(first)}, ${most}u, ${operands})`,
        );
      }
      case "table.fill":
        return this.#emit(`wasm_table_fill(${table(first)}, ${args(3)});`);
      case "table.copy": {
        const [to, from, count] = this.#popMany(3).map(({ c }) => c);
        return this.#emit(`wasm_table_copy(${table(first)}, ${to}, ${table(second)}, ${from}, ${count});`);
      }
      case "table.init": {
        const [to, from, count] = this.#popMany(3).map(({ c }) => c);
        const source = `${names.elements(first)}, ${names.elementsSize(first)}`;
        return this.#emit(`wasm_table_copy(${table(second)}, ${to}, ${source}, ${from}, ${count});`);
      }
      case "elem.drop":
        return this.#emit(`${names.elementsSize(first)} = 0;`);
      case "ref.null":
        this.#stack.push({ type: type ?? "funcref", c: "NULL" });
        return;
      case "ref.func":
        this.#stack.push({ type: "funcref", c: `(wasm_ref)&${names.reference(first)}` });
        return;
      case "ref.is_null":
        return this.#push("i32", `${this.#popC()} == NULL`);
      default:
        throw new RangeError(`no C for ${name}`);
    }
  }
}

/** What each loop's code sets, with the loops in it. */
function localsSetInLoops(code: readonly Instruction[]): ReadonlyMap<Instruction, ReadonlySet<number>> {
  const found = new Map<Instruction, Set<number>>();
  const open: (Set<number> | undefined)[] = [];
  for (const instruction of code) {
    const { name, at, block } = instruction;
    if (block !== undefined) {
      const set = name === "loop" ? new Set<number>() : undefined;
      if (set !== undefined) found.set(instruction, set);
      open.push(set);
    } else if (name === "end") open.pop();
    else if (name === "local.set" || name === "local.tee") for (const set of open) set?.add(at[0] ?? 0);
  }
  return found;
}
