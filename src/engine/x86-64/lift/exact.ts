// SSE instructions in code that is exact: their operations are calls of the function that does them as MXCSR says
// (exact/code.ts), or left to the interpreter, as whole instructions where that tells more than a result.
import type { Emitter } from "../../../isa/x86-64/emitter.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { FloatOperation, VectorOperation } from "../../../isa/x86-64/operation.js";
import { effectiveAddress as addressOf, operand, read } from "../../../isa/x86-64/operands.js";
import { readLow } from "../../../isa/x86-64/vector-operands.js";
import { op } from "../../../wasm/opcodes.js";
import { type ExactOperation, exactOperations } from "../exact/operations.js";
import { state } from "../state.js";
import { binary32, i32, i64, type Node, node, unary } from "../../portable/ir/node.js";
import { placeOf, results } from "./functions.js";
import type { BlockState } from "../../portable/lift/block-state.js";

/** Instructions whose operations tell all. */
const computed =
  /^((ADD|SUB|MUL|DIV|SQRT)[SP][SD]|(ADDSUB|HADD|HSUB)P[SD]|CVT(SI2S[SD]|SD2SS|SS2SD|T?S[SD]2SI|DQ2PD))$/;
/** Those that raise something for NaNs and denormals only. */
const compared = /^(U?COMI|MIN|MAX|CMP)S([SD])$/;

/** MXCSR but for exception flags and rounding mode, as it has to be. */
const FIXED = ~0x603f;
const USUAL = 0x1f80;
const FLAGS = 0x3f;
/** Integers that a double has exactly. */
const EXACT_INTEGERS = 2 ** 53;

export class BlockExact {
  readonly #e: Emitter<Node>;
  readonly #state: BlockState;
  #way: "plain" | "computed" | "compared" = "plain";
  #isLong = false;
  /** What is an integer already. */
  readonly #whole = new Set<Node>();

  constructor(e: Emitter<Node>, state: BlockState) {
    this.#e = e;
    this.#state = state;
  }

  /** How an instruction is done, before it is. */
  begin(i: Instruction): "slow" | "plain" | "computed" | "compared" {
    this.#way = "plain";
    const { mnemonic, traits } = i.row;
    if (traits.mxcsr !== true) return "plain";
    const [first] = i.operands;
    this.#isLong = first?.kind === "register" && first.width === 64;
    if (computed.test(mnemonic)) return (this.#way = "computed");
    const [, , letter] = compared.exec(mnemonic) ?? [];
    if (letter === undefined) return "slow";
    this.#compare(i, letter === "D" ? "f64" : "f32");
    return (this.#way = "compared");
  }

  isMode(i: Instruction): boolean {
    return i.row.mnemonic === "LDMXCSR" || i.row.mnemonic === "STMXCSR";
  }

  /** LDMXCSR of another rounding mode, and STMXCSR. */
  loadMode(i: Instruction): void {
    const e = this.#e;
    const old = this.#get(op["i32.load"], "i32", state.mxcsr);
    const o = operand(i, 0);
    if (i.row.mnemonic === "STMXCSR") {
      if (o.kind === "memory") e.store(32, addressOf(e, o), old);
      return;
    }
    const value = read(e, o, 32);
    const unusual = binary32(op["i32.xor"], binary32(op["i32.and"], value, i32(FIXED)), i32(USUAL));
    const changed = binary32(op["i32.and"], binary32(op["i32.xor"], value, old), i32(FLAGS));
    const tests = this.#get(op["i32.load"], "i32", state.testsExceptions);
    const isNew = binary32(op["i32.and"], changed, binary32(op["i32.sub"], tests, i32(1)));
    this.#state.exit(binary32(op["i32.or"], unusual, isNew));
    const statement = { kind: "store", op: op["i32.store"], address: i32(0), value } as const;
    this.#state.statements.push({ ...statement, imm: state.mxcsr, sizeBytes: 4 });
  }

  /** Undefined where the operation is the plain one. */
  float(operation: FloatOperation, a: Node, b?: Node): Node | undefined {
    if (this.#way !== "computed") return undefined;
    const [type, name = ""] = operation.split(".");
    if (/^(add|sub|mul|div|sqrt)$/.test(name)) {
      const isRoot = name === "sqrt";
      const result = this.#call(operation as ExactOperation, a, isRoot ? a : (b ?? a));
      return type === "f32" ? unary(op["f32.demote_f64"], "f32", result) : result;
    }
    if (operation === "f32.demote_f64") return this.#narrow(a);
    if (operation === "f64.promote_f32") {
      this.#leaveUnlessUsual(a, a);
      return undefined;
    }
    if (name === "convert_i64_s") {
      this.#leaveIfLarge(a);
      return type === "f64" ? undefined : this.#narrow(unary(op["f64.convert_i64_s"], "f64", a));
    }
    if (operation === "f32.convert_i32_s") return this.#narrow(unary(op["f64.convert_i32_s"], "f64", a));
    if (name === "nearest") return this.#toInteger("round", a);
    if (name.startsWith("trunc_sat") && !this.#whole.has(a)) {
      const whole = this.#toInteger("truncate", a);
      return this.#e.float(operation, whole);
    }
    return undefined;
  }

  /** Packed arithmetic, lane by lane. */
  vector(operation: VectorOperation, a: Node, b?: Node): Node | undefined {
    if (this.#way !== "computed") return undefined;
    const match = /^(f32x4|f64x2)\.(add|sub|mul|div|sqrt)$/.exec(operation);
    if (match === null) return undefined;
    const e = this.#e;
    const shape = match[1] as "f32x4" | "f64x2";
    const type = shape === "f32x4" ? "f32" : "f64";
    const lane = (v: Node, at: number): Node => e.extractLane(`${shape}.extract_lane`, at, v);
    const count = shape === "f32x4" ? 4 : 2;
    const results = Array.from({ length: count }, (_, at) =>
      this.float(`${type}.${match[2] as "add"}`, lane(a, at), b === undefined ? undefined : lane(b, at)),
    );
    const [first = a] = results;
    return results.reduce<Node>(
      (vector, result, at) =>
        at === 0 || result === undefined
          ? vector
          : e.replaceLane(`${shape}.replace_lane`, at, vector, result),
      e.vector(`${shape}.splat`, first),
    );
  }

  #compare(i: Instruction, type: "f32" | "f64"): void {
    const [a, b] = [readLow(this.#e, operand(i, 0), type), readLow(this.#e, operand(i, 1), type)];
    this.#leaveUnlessUsual(a, b);
  }

  #leaveUnlessUsual(a: Node, b: Node): void {
    this.#leaveUnlessDone("compare", a, b);
  }

  #narrow(a: Node): Node {
    return unary(op["f32.demote_f64"], "f32", this.#call("narrow", a, a));
  }

  #toInteger(how: "round" | "truncate", a: Node): Node {
    const result = this.#call(this.#isLong ? `${how} long` : how, a, a);
    const whole = a.type === "f32" ? unary(op["f32.demote_f64"], "f32", result) : result;
    this.#whole.add(whole);
    return whole;
  }

  #leaveIfLarge(a: Node): void {
    const least = i64(-EXACT_INTEGERS | 0, Math.floor(-EXACT_INTEGERS / 2 ** 32));
    const range = i64(0, (2 * EXACT_INTEGERS) / 2 ** 32);
    const above = node(op["i64.sub"], "i64", a, least);
    this.#state.exit(node(op["i64.gt_u"], "i32", above, range, undefined, 1));
  }

  #call(operation: ExactOperation, a: Node, b: Node): Node {
    this.#leaveUnlessDone(operation, a, b);
    return this.#get(op["f64.load"], "f64", results.exact);
  }

  #leaveUnlessDone(operation: ExactOperation, a: Node, b: Node): void {
    const wide = (n: Node): Node => (n.type === "f32" ? unary(op["f64.promote_f32"], "f64", n) : n);
    const code = i32(exactOperations.indexOf(operation));
    const { slot, type } = placeOf("exact");
    this.#state.exit(node(op.call_indirect, "i32", code, wide(a), wide(b), 1, slot, type));
  }

  #get(opcode: number, type: "i32" | "f64", offset: number): Node {
    const value = node(opcode, type, i32(0), undefined, undefined, undefined, offset);
    this.#state.statements.push({ kind: "load", value });
    return value;
  }
}
