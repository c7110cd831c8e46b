import { args, exit } from "solo5:process";

function deeper(n: number): number {
  return n === 0 ? 0 : 1 + deeper(n - 1);
}
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

const attempts: Readonly<Record<string, () => unknown>> = {
  recursion: () => deeper(1e9),
  sort: () => [3, 2, 1].sort(function compare(a, b): number { return [a, b].sort(compare).length; }), // prettier-ignore
  json: () => JSON.parse(nested(200_000)),
  regexp: () => new RegExp("(".repeat(100_000)),
  eval: () => (0, eval)("(".repeat(100_000)),
  getter: () => {
    const object = { get x(): unknown { return object.x; } }; // prettier-ignore
    return object.x;
  },
  proxy: () => {
    let proxy: object = {};
    for (let i = 0; i < 100_000; i++) proxy = new Proxy(proxy, {});
    return (proxy as { x: unknown }).x;
  },
  memory: () => {
    const all: unknown[] = [];
    for (;;) all.push(new Uint8Array(1 << 20).fill(1));
  },
  text: () => {
    let text = "x";
    for (;;) text += text;
  },
};
const [name = ""] = args();
if (name === "exit") exit(42);
if (name === "uncaught") attempts["memory"]?.();
for (const [what, attempt] of Object.entries(attempts)) {
  try {
    attempt();
    console.log(what, "went well");
  } catch (error) {
    console.log(what, error instanceof Error);
  }
}
console.log("still here", deeper(1000));
