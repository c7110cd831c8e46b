// The ways to run a plan on this host, best first, and the choice among them. A new engine is one row here.
import { Solo5Error } from "../bytes/error.js";
import { runNative } from "../linux/native.js";
import { nativeObstacle } from "../linux/obstacle.js";
import type { Plan } from "../tender/attach.js";
import { hostClock } from "./clock.js";
import type { Engine, Running, StartOptions } from "./engine.js";
import { kvm } from "./kvm.js";
import { wasm } from "./wasm.js";

const native: Engine = {
  obstacle: nativeObstacle,
  start(plan, { console, ...names }) {
    const { status, kill } = runNative(plan, { ...names, console, clock: hostClock });
    return { status, signal: kill, stop: () => kill("SIGKILL") };
  },
};

/** By name, best first. */
const engines = { native, kvm, wasm } as const satisfies Record<string, Engine>;
export type EngineName = keyof typeof engines;
export const engineNames = Object.keys(engines) as readonly EngineName[];

/**
 * The engine that `wanted` names, or the best that can run `plan` where it is `auto`, with what spoke against better
 * ones. Throws Solo5Error `ENGINE`.
 */
export function chooseEngine(
  plan: Plan,
  wanted = "auto",
): { readonly name: EngineName; readonly why: string } {
  if (wanted !== "auto" && !Object.hasOwn(engines, wanted)) {
    throw new Solo5Error(
      "ENGINE",
      `there is no engine '${wanted}': choose one of auto, ${engineNames.join(", ")}`,
    );
  }
  const obstacles: string[] = [];
  for (const name of wanted === "auto" ? engineNames : [wanted as EngineName]) {
    const obstacle = engines[name].obstacle(plan, wanted !== "auto");
    if (obstacle === undefined) return { name, why: obstacles.join("; ") };
    obstacles.push(`engine ${name}: ${obstacle}`);
  }
  throw new Solo5Error("ENGINE", `${plan.unikernel.name}: cannot run here: ${obstacles.join("; ")}`);
}

/** Starts `plan` on the engine `name`. Throws Solo5Error where it cannot start. */
export function start(plan: Plan, name: EngineName, options: StartOptions): Running {
  const started = engines[name].start(plan, options);
  return {
    engine: name,
    ...started,
    async [Symbol.asyncDispose]() {
      started.stop();
      await started.status;
    },
  };
}
