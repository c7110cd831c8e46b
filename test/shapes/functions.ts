// Generated functions: a frame, segments with a flow of control between them, and calls. Whoever finds that no steps are left
// returns, and so do all callers.
import {
  accumulators,
  advance,
  at,
  base,
  choose,
  depthLeft,
  low32,
  randomState,
  stepsLeft,
} from "./state.js";
import { statements, type Place } from "./statements.js";
import type { Shape } from "./shape.js";
import type { Random } from "../x86-64/random.js";

export const functionName = (n: number): string => `f${n}`;
/** Table of pointers to all functions. */
export const pointers = "functions";

const bitTest = (random: Random, bits: number): string =>
  `test ${low32(randomState)}, ${((1 << bits) - 1) << (30 - bits - random.below(8))}`;

/** The text of function `n`; read-only data goes to a section of its own. */
export function functionText(shape: Shape, n: number, random: Random): readonly string[] {
  let labels = 0;
  const label = () => `.L${n}_${labels++}`;
  const name = `.balign 16\n${functionName(n)}:`;
  if (shape.segments === 0) {
    const [a, b] = [random.pick(accumulators), random.pick(accumulators)];
    return [name, `dec ${stepsLeft}`, `imul ${a}, ${b}, ${random.below(0x7fff_ffff) | 1}`, `xor ${b}, ${randomState}`, "ret"]; // prettier-ignore
  }
  const place: Place = { random, slots: 1 + random.below(6), label };
  const saved = accumulators.slice(0, random.below(4));
  const end = label();
  const body = flows[shape.flow](shape, n, place, end);
  const stores = Array.from({ length: place.slots }, (_, k) => `mov [rsp + ${8 * k}], ${random.pick(accumulators)}`); // prettier-ignore
  const tail = shape.calls === "none" || random.below(8) > 0 ? [] : tailCall(shape, random);
  return [
    name,
    ...saved.map((register) => `push ${register}`),
    `sub rsp, ${8 * place.slots}`,
    ...stores,
    ...body,
    `${end}:`,
    `add rsp, ${8 * place.slots}`,
    ...saved.toReversed().map((register) => `pop ${register}`),
    ...tail,
    "ret",
  ];
}

const tailCall = ({ functions }: Shape, random: Random): readonly string[] => [
  `test ${stepsLeft}, ${stepsLeft}`,
  `jns ${functionName(random.below(functions))}`,
];

/** One step. */
function segment(shape: Shape, n: number, place: Place, end: string): readonly string[] {
  const calls = shape.calls !== "none" && place.random.below(2) === 0 ? call(shape, n, place) : [];
  const raises = shape.exceptions && place.random.below(3) === 0 ? raise(place) : [];
  const work = statements(place, shape.floats, shape.packed);
  return [`dec ${stepsLeft}`, `js ${end}`, ...work, ...calls, ...raises];
}

function call(shape: Shape, n: number, place: Place): readonly string[] {
  const { random } = place;
  const further = shape.functions - n - 1;
  if (shape.calls === "down" && further === 0) return [];
  const target = functionName(shape.calls === "down" ? n + 1 + random.below(further) : random.below(shape.functions)); // prettier-ignore
  const skip = place.label();
  const how = shape.calls === "table" ? [...choose(shape.functions), `call [${pointers} + rax*8]`] : [`call ${target}`]; // prettier-ignore
  const handled = shape.exceptions && random.below(2) === 0 ? underHandler(place, how) : how;
  return [
    `test ${depthLeft}, ${depthLeft}`,
    `jz ${skip}`,
    `dec ${depthLeft}`,
    ...handled,
    `inc ${depthLeft}`,
    `${skip}:`,
  ];
}

/** As OCaml does it: the handler's address and the handler around it are on the stack. */
function underHandler(place: Place, how: readonly string[]): readonly string[] {
  const [handler, done] = [place.label(), place.label()];
  const outer = `qword ptr [${base} + ${at.handler}]`;
  return [
    `push ${depthLeft}`,
    `push ${outer}`,
    `lea rax, [rip + ${handler}]`,
    "push rax",
    `mov ${outer}, rsp`,
    ...how,
    "pop rax",
    `pop ${outer}`,
    "pop rax",
    `jmp ${done}`,
    `${handler}:`,
    `pop ${outer}`,
    `pop ${depthLeft}`,
    `${done}:`,
  ];
}

function raise(place: Place): readonly string[] {
  const skip = place.label();
  return [
    `mov rcx, [${base} + ${at.handler}]`,
    "test rcx, rcx",
    `jz ${skip}`,
    ...advance,
    bitTest(place.random, 2),
    `jnz ${skip}`,
    "mov rsp, rcx",
    "ret",
    `${skip}:`,
  ];
}

type FlowText = (shape: Shape, n: number, place: Place, end: string) => readonly string[];

const flows: Readonly<Record<Shape["flow"], FlowText>> = {
  straight: (shape, n, place, end) =>
    Array.from({ length: shape.segments }, () => segment(shape, n, place, end)).flat(),

  switch(shape, n, place, end) {
    const [head, table] = [place.label(), place.label()];
    const entries = Math.max(shape.entries, shape.segments);
    const cases = Array.from({ length: shape.segments }, () => place.label());
    // A table of distances or of addresses, as compilers of either habit make it.
    const near = place.random.below(2) === 0;
    const jump = near
      ? [`lea rdx, [rip + ${table}]`, "movsxd rax, dword ptr [rdx + rax*4]", "add rax, rdx", "jmp rax"]
      : [`jmp [${table} + rax*8]`];
    const leave = shape.functions > 1 ? [bitTest(place.random, 4), `jz ${end}`] : [];
    return [
      `${head}:`,
      ...choose(entries),
      ...jump,
      ".section .rodata",
      ".balign 8",
      `${table}:`,
      ...Array.from({ length: entries }, (_, k) => cases[k % cases.length]).map((label) =>
        near ? `.long ${label} - ${table}` : `.quad ${label}`,
      ),
      ".text",
      ...cases.flatMap((label) => [`${label}:`, ...segment(shape, n, place, end), ...leave, `jmp ${head}`]),
    ];
  },

  /** Inner loops are repeated often, outer ones now and then. */
  nest(shape, n, place, end) {
    const depth = Math.ceil(shape.segments / 2);
    const heads = Array.from({ length: depth }, () => place.label());
    const before = heads.flatMap((head) => [`${head}:`, ...segment(shape, n, place, end)]);
    const after = heads
      .toReversed()
      .flatMap((head, level) => [
        ...(level === 0 ? [] : segment(shape, n, place, end)),
        ...advance,
        bitTest(place.random, level < 3 ? 1 : 6),
        level < 3 ? `jnz ${head}` : `jz ${head}`,
      ]);
    return [...before, ...after];
  },

  graph(shape, n, place, end) {
    const labels = Array.from({ length: shape.segments }, () => place.label());
    return labels.flatMap((label) => [
      `${label}:`,
      ...segment(shape, n, place, end),
      ...advance,
      bitTest(place.random, 1),
      `jnz ${place.random.pick(labels)}`,
    ]);
  },
};
