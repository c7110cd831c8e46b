// All of an engine's state as data: its memory, and where in it things are.
import { bytesOf, free, growTo, malloc, type Instance } from "./instance.js";

/** State between two calls. */
export interface EngineState {
  readonly memory: Uint8Array;
  readonly stackPointer: number;
  readonly runtime: number;
  readonly context: number;
}

export const save = (instance: Instance): EngineState => ({
  memory: bytesOf(instance).slice(),
  stackPointer: instance.stackPointer.value,
  runtime: instance.runtime,
  context: instance.context,
});

export function restore(instance: Instance, state: EngineState): void {
  growTo(instance, state.memory.length);
  bytesOf(instance).set(state.memory);
  bytesOf(instance).fill(0, state.memory.length);
  instance.stackPointer.value = state.stackPointer;
  instance.runtime = state.runtime;
  instance.context = state.context;
}

/** Bytes of what is worth being zeroed: from half a page to the most that is asked for at once. */
const hole = { least: 2048, most: 1 << 18 } as const;

/** Zeroes what is free, so that pages of nothing else need not be stored. */
export function clearFree(instance: Instance): void {
  const used = bytesOf(instance).findLastIndex((byte) => byte !== 0) + 1;
  const holes: { readonly at: number; readonly size: number }[] = [];
  for (let size: number = hole.most; size >= hole.least; size /= 2) {
    for (;;) {
      const at = malloc(instance, size);
      // Behind all that was ever used is no hole.
      if (at === 0 || at + size > used) {
        free(instance, at);
        break;
      }
      holes.push({ at, size });
    }
  }
  for (const { at, size } of holes) bytesOf(instance).fill(0, at, at + size);
  for (const { at } of holes.reverse()) free(instance, at);
  bytesOf(instance).fill(0, used);
}
