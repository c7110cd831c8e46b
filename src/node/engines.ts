// The ways to run a plan on this host, best first, and the choice among them. A new engine is one row here.
import type { Target } from "../abi/notes.js";
import { Solo5Error } from "../bytes/error.js";
import { runNative } from "../linux/native.js";
import { nativeObstacle } from "../linux/obstacle.js";
import type { Plan } from "../tender/attach.js";
import { hostClock } from "./clock.js";
import { checkCoreFolder } from "./core-file.js";
import { debugTools, type DebugRequest } from "./debug-request.js";
import type { Engine, Running, StartOptions } from "./engine.js";
import { kvm } from "./kvm.js";
import { wasm } from "./wasm.js";

const native: Engine = {
  targets: ["spt"],
  debugs: [],
  obstacle: nativeObstacle,
  start(plan, { console, ...names }) {
    const { status, kill } = runNative(plan, { ...names, console, clock: hostClock });
    return { status, signal: kill, stop: () => kill("SIGKILL") };
  },
};

/** By name, best first. */
const engines = { native, kvm, wasm } as const satisfies Record<string, Engine>;
type EngineName = keyof typeof engines;
const engineNames = Object.keys(engines) as readonly EngineName[];

/**
 * The engine that `wanted` names, or the best that can run `plan` where it is `auto`, with what spoke against better
 * ones. Throws Solo5Error `ENGINE`.
 */
export function chooseEngine(
  plan: Plan,
  wanted = "auto",
  debug: DebugRequest = {},
): { readonly name: EngineName; readonly why: string } {
  if (wanted !== "auto" && !Object.hasOwn(engines, wanted)) {
    throw new Solo5Error(
      "ENGINE",
      `there is no engine '${wanted}': choose one of auto, ${engineNames.join(", ")}`,
    );
  }
  const obstacles: { readonly name: EngineName; readonly text: string }[] = [];
  const { target, name: file } = plan.unikernel;
  const tell = (list: typeof obstacles): string => list.map(({ text }) => text).join("; ");
  for (const name of wanted === "auto" ? engineNames : [wanted as EngineName]) {
    const obstacle = debugObstacle(engines[name], debug) ?? engines[name].obstacle(plan, wanted !== "auto");
    if (obstacle === undefined)
      return { name, why: tell(obstacles.filter((one) => isMadeFor(one.name, target))) };
    obstacles.push({ name, text: `engine ${name}: ${obstacle}` });
  }
  throw new Solo5Error("ENGINE", `${file}: cannot run here: ${tell(obstacles)}`);
}

function debugObstacle({ debugs }: Engine, debug: DebugRequest): string | undefined {
  const missing = debugTools.find((tool) => debug[tool] !== undefined && !debugs.includes(tool));
  return missing === undefined ? undefined : `it has no --${missing}, which the engine wasm has`;
}

const isMadeFor = (name: EngineName, target: Target): boolean =>
  (engines[name].targets as readonly Target[]).includes(target);

/** Starts `plan` on the engine `name`. Throws Solo5Error where it cannot start. */
export function start(plan: Plan, name: EngineName, options: StartOptions): Running {
  if (options.debug?.dumpcore !== undefined) checkCoreFolder(options.debug.dumpcore);
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
