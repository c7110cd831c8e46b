// The engine with its library, before any program: what `npm run build:runners` makes once and every build starts from.
import type { EngineState } from "./engine/state.js";
import type { RunnerAddresses } from "./runner-image.js";

/** Bytes of the engine's own stack that a program's calls may take. */
export const maxStackSize = 1 << 20;

export interface Base {
  readonly state: EngineState;
  readonly addresses: RunnerAddresses;
  /** The library's object for the build. */
  readonly build: number;
  /** What a program may name in it: globals, members of what is there anyhow, and modules as `solo5:http`. */
  readonly provided: readonly string[];
}
