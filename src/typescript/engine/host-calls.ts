// Calls of host functions by a program that runs in the build: those that only compute do the same as in a unikernel, of the
// others whoever has the engine is told.
import { Solo5Error } from "../../bytes/error.js";
import { hostFunctions, isDirect, type HostFunction } from "../host-functions.js";
import { bufferAddress, bytesOf, malloc, newText, qts, type Instance, type Value } from "./instance.js"; // prettier-ignore

/** Who is told, and where. */
export interface ScriptHooks {
  /** What host functions but those that only compute do; the engine's clock counts as one. */
  onHostFunction: (name: HostFunction) => number;
  /** Promise, reason, whether it is handled by now. */
  onRejection: (isHandled: boolean, promise: Value, reason: Value) => void;
  /** A device that is declared. */
  onDevice: (name: string, isNet: boolean) => void;
  /** Where the buffer is that both sides write to. */
  exchange: number;
}

/** JSValues, which are of 8 bytes, from `argv` on. */
export function callHost(
  instance: Instance,
  hooks: ScriptHooks,
  id: number,
  argc: number,
  argv: number,
): Value {
  const argument = (index: number): Value => argv + 8 * index;
  const number = (index: number): number => qts(instance, "GetFloat64", instance.context, argument(index));
  if (id === 0) {
    hooks.onRejection(argc !== 0, argv, argv + 8);
    return 0;
  }
  const name = hostFunctions[id - 1];
  if (name === undefined) throw new Solo5Error("ENGINE", `there is no host function ${id}`);
  if (name === "encodeText") return encodedText(instance, argument(0));
  if (name === "decodeText")
    return decodedText(instance, bufferAddress(instance, argument(0)) + number(1), number(2));
  if (name === "declareDevice") {
    const { exchange } = hooks;
    const text = new TextDecoder().decode(bytesOf(instance).slice(exchange, exchange + number(0)));
    hooks.onDevice(text, number(1) === 1);
    return 0;
  }
  const result = hooks.onHostFunction(name);
  return isDirect(name) ? result : qts(instance, "NewFloat64", instance.context, result);
}

function encodedText(instance: Instance, value: Value): Value {
  const { context } = instance;
  const text = qts(instance, "GetString", context, value);
  const length = bytesOf(instance).indexOf(0, text) - text;
  const copy = malloc(instance, Math.max(1, length));
  bytesOf(instance).copyWithin(copy, text, text + length);
  qts(instance, "FreeCString", context, text);
  return qts(instance, "NewArrayBuffer", context, copy, length);
}

/** Undefined, which is 0, where it is not UTF-8 or has a zero. */
function decodedText(instance: Instance, at: number, length: number): Value {
  const data = bytesOf(instance).slice(at, at + length);
  if (data.includes(0)) return 0;
  try {
    return newText(instance, new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data));
  } catch {
    return 0;
  }
}
