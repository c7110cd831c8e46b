// How V8 optimises the engine's own JavaScript, what its WebAssembly has, and how its heap grows, in processes that are ours.
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** From this version on V8 has a compiler in the middle, Maglev, and other flags. */
const FIRST_WITH_MAGLEV = 12;

/**
 * Bytes of bytecode that a function runs through before V8 optimises it, instead of 67,584: a translator's functions are
 * large, and what is optimised after a few hundred calls is thrown away at the next new shape. Of 4.6 s of user time of a
 * SQLite program's first seconds, V8's compiler took 2.1; with this, all took 3.5.
 */
const INTERRUPT_BUDGET = 600_000;

/**
 * The young generation grows to two halves of 8 MB instead of 16: what a translator makes is short-lived, and takes no longer. A
 * SQLite program had 20 MB less resident at most, one of OCaml 10.
 */
const YOUNG_BYTES = 2 * 8 * 2 ** 20;

/** Its size cannot be set in a process that runs, but that it grows no more can. */
function limitYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
    if (young === undefined || young.space_size < YOUNG_BYTES) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    observer.disconnect();
  });
  observer.observe({ entryTypes: ["gc"] });
}

/** To be called before the engine is loaded. */
export function tuneCompiler(): void {
  limitYoungGeneration();
  const [major] = process.versions.v8.split(".");
  if (Number(major) >= FIRST_WITH_MAGLEV) return;
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
  // There already, and without a flag from the next version on: what adds to a product with one rounding (src/wasm/fused.ts).
  setFlagsFromString("--experimental-wasm-relaxed-simd");
}
