// The commands of gdb's protocol that have an answer at once, and those that let the guest go on. GDB manual, E.2 to E.4.
// What is not here is answered with an empty packet, which means: not supported.
import type { Debuggable, Vcpu } from "../../engine/contract.js";
import { describe, type Architecture } from "./description.js";
import { inspector, rangeOf, replies } from "./inspect.js";
import { packetSize } from "./packet.js";
import type { Points } from "./points.js";

/** The guest is to go on. */
export interface Resume {
  readonly step: boolean;
  readonly reverse: boolean;
  /** With the signal that it was stopped by. */
  readonly signalled: boolean;
  /** Where, if not where it stands. */
  readonly address?: bigint;
}

const go = (step: boolean, { reverse = false, signalled = false } = {}): Resume => ({
  step,
  reverse,
  signalled,
});

/** Gives the interpreter of commands for a guest that stands still. */
export function commands(
  architecture: Architecture,
  vcpu: Vcpu & Debuggable,
  points: Points,
  isReversible: boolean,
): (data: string) => string | Resume {
  const inspect = inspector(architecture, vcpu.registers, vcpu.memory);
  const document = describe(architecture);
  const features = [
    `PacketSize=${packetSize.toString(16)}`,
    "QStartNoAckMode+",
    "qXfer:features:read+",
    "vContSupported+",
    "swbreak+",
    "hwbreak+",
    ...(isReversible ? ["ReverseStep+", "ReverseContinue+"] : []),
  ].join(";");

  const point = (argument: string, on: boolean): string => {
    const [type = "", address, length] = argument.split(/[,;]/);
    const range = rangeOf(`${address},${length}`);
    if (!/^[0-4]$/.test(type)) return replies.unsupported;
    if (range === undefined) return replies.invalid;
    return points.set(Number(type), range.address, range.length, on) ? replies.ok : replies.invalid;
  };
  /** A piece of a document: `m` where there is more, `l` with the last. */
  const transfer = (argument: string): string => {
    const [annex = "", where = ""] = argument.split(":");
    const range = rangeOf(where);
    if (annex !== "target.xml") return "E00";
    if (range === undefined) return replies.invalid;
    const at = Number(range.address);
    const piece = document.slice(at, at + Math.min(range.length, packetSize / 2));
    return `${at + piece.length < document.length ? "m" : "l"}${piece}`;
  };
  const resumeAt = (step: boolean, argument: string): Resume | string => {
    if (argument === "") return go(step);
    if (!/^[0-9a-f]{1,16}$/i.test(argument)) return replies.invalid;
    return { ...go(step), address: BigInt(`0x${argument}`) };
  };
  /** Only the first action counts: there is one thread. A signal is a fault's, which the guest then dies of. */
  const vCont = (argument: string): Resume | string => {
    const action = /^;?([cCsS])/.exec(argument)?.[1];
    if (action === undefined) return replies.invalid;
    const lower = action.toLowerCase();
    return go(lower === "s", { signalled: action !== lower });
  };

  /** What is recorded cannot be changed: the rest of the recording would no longer fit. */
  const changing =
    (run: (argument: string) => string) =>
    (argument: string): string =>
      isReversible ? replies.notPermitted : run(argument);

  /** Longer names come before those that they begin with. */
  const table: readonly (readonly [name: string, run: (argument: string) => string | Resume])[] = [
    ["qSupported", () => features],
    ["qXfer:features:read:", transfer],
    ["qAttached", () => "1"],
    ["qfThreadInfo", () => "m1"],
    ["qsThreadInfo", () => "l"],
    ["qSymbol::", () => replies.ok],
    ["qC", () => "QC1"],
    ["vCont?", () => "vCont;c;C;s;S"],
    ["vCont", vCont],
    ["bs", () => go(true, { reverse: true })],
    ["bc", () => go(false, { reverse: true })],
    ["H", () => replies.ok],
    ["T", () => replies.ok],
    ["Z", (argument) => point(argument, true)],
    ["z", (argument) => point(argument, false)],
    ["g", inspect.g],
    ["G", changing(inspect.G)],
    ["p", inspect.p],
    ["P", changing(inspect.P)],
    ["m", inspect.m],
    ["M", changing(inspect.M)],
    ["X", changing(inspect.X)],
    ["c", (argument) => resumeAt(false, argument)],
    ["s", (argument) => resumeAt(true, argument)],
    ["C", () => go(false, { signalled: true })],
    ["S", () => go(true, { signalled: true })],
  ];
  const exact = new Set(["qC", "bs", "bc", "g", "qAttached"]);
  return (data) => {
    const row = table.find(([name]) => (exact.has(name) ? data === name : data.startsWith(name)));
    return row?.[1](data.slice(row[0].length)) ?? replies.unsupported;
  };
}
