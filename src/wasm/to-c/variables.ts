// Locals, globals, constants and what chooses between operands.
import type { Instruction } from "../instructions.js";
import { floatConstant } from "./constants.js";
import { globalName } from "./context.js";
import type { FunctionWriter } from "./function-writer.js";

/** Whether the instruction is one of these. */
export function writeVariable(writer: FunctionWriter, { name, at, wide = 0n }: Instruction): boolean {
  const [first = 0] = at;
  const { context, stack } = writer;
  const pushLocal = () => stack.push({ type: writer.localType(first), c: `l${first}`, local: first });
  switch (name) {
    case "drop":
      writer.pop();
      return true;
    case "select":
    case "select t": {
      const [a, b, condition] = writer.popMany(3);
      if (a === undefined || b === undefined || condition === undefined) return true;
      writer.push(a.type, `${condition.c} ? ${a.hidden ?? a.c} : ${b.hidden ?? b.c}`);
      return true;
    }
    case "local.get":
      pushLocal();
      return true;
    case "local.set":
      writer.setLocal(first, writer.pop());
      return true;
    case "local.tee":
      writer.setLocal(first, writer.pop());
      pushLocal();
      return true;
    case "global.get":
      writer.push(context.module.globals[first]?.type ?? "i32", globalName(context, first));
      return true;
    case "global.set":
      writer.emit(`${globalName(context, first)} = ${writer.popC()};`);
      return true;
    case "i32.const":
      stack.push({ type: "i32", c: `${first >>> 0}u` });
      return true;
    case "i64.const":
      stack.push({ type: "i64", c: `${BigInt.asUintN(64, wide)}ul` });
      return true;
    case "f32.const":
      stack.push(floatConstant("f32", BigInt(first)));
      return true;
    case "f64.const":
      stack.push(floatConstant("f64", wide));
      return true;
    default:
      return false;
  }
}
