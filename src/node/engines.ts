// The ways to run a plan on this host, best first, and the choice among them. A new engine is one row here.
import type { TargetName } from "../abi/notes.js";
import { Solo5Error } from "../bytes/error.js";
import { runNative } from "../host/linux/native.js";
import { nativeUnsupportedReason } from "../host/linux/unsupported.js";
import type { Plan } from "../tender/attach.js";
import { hostClock } from "../host/any/clock.js";
import { checkCoreFolder } from "../host/any/core-file.js";
import { debugTools, type DebugRequest } from "../tender/debug-request.js";
import { engineNames, type EngineName, type Started } from "../tender/running.js";
import type { Engine, StartOptions } from "../tender/engine.js";
import { hypervisorEngine } from "../hypervisor/engine.js";
import { netOpeners } from "../host/net-openers.js";
import { hypervisors } from "../hypervisor/hypervisors.js";
import { processPlan } from "./genode-process.js";
import { wasm } from "./wasm.js";

const native: Engine = {
  targets: ["spt", "genode"],
  debugs: [],
  unsupportedReason: nativeUnsupportedReason,
  start(plan, { console, ...names }) {
    const { status, kill } = runNative(processPlan(plan), {
      ...names,
      console,
      clock: hostClock,
      openers: netOpeners,
    });
    const exited = status.then((one) => ({ status: one }));
    return { memSize: plan.memSize, exited, signal: kill, stop: () => kill("SIGKILL") };
  },
};

const vmm = hypervisors[process.platform === "openbsd" ? "openbsd-vmm" : "freebsd-vmm"];

const engines = {
  native,
  kvm: hypervisorEngine(hypervisors.kvm),
  vmm: hypervisorEngine(vmm),
  wasm,
} as const satisfies Record<EngineName, Engine>;

/** Those of other systems are not worth a line where the best is looked for. */
const here = engineNames.filter((name) => name !== "vmm" || process.platform === vmm.platform);

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
  const reasons: { readonly name: EngineName; readonly text: string }[] = [];
  const { target, name: file } = plan.unikernel;
  const tell = (list: typeof reasons): string => list.map(({ text }) => text).join("; ");
  for (const name of wanted === "auto" ? here : [wanted as EngineName]) {
    const reason =
      debugUnsupportedReason(engines[name], debug) ??
      engines[name].unsupportedReason(plan, wanted !== "auto");
    if (reason === undefined)
      return { name, why: tell(reasons.filter((one) => isMadeFor(one.name, target))) };
    reasons.push({ name, text: `engine ${name}: ${reason}` });
  }
  throw new Solo5Error("ENGINE", `${file}: cannot run here: ${tell(reasons)}`);
}

function debugUnsupportedReason({ debugs }: Engine, debug: DebugRequest): string | undefined {
  const missing = debugTools.find((tool) => debug[tool] !== undefined && !debugs.includes(tool));
  return missing === undefined ? undefined : `it has no --${missing}, which the engine wasm has`;
}

const isMadeFor = (name: EngineName, target: TargetName): boolean =>
  (engines[name].targets as readonly TargetName[]).includes(target);

/** Starts `plan` on the engine `name`. Throws Solo5Error where it cannot start. */
export function start(plan: Plan, name: EngineName, options: StartOptions): Started {
  if (options.debug?.dumpcore !== undefined) checkCoreFolder(options.debug.dumpcore);
  return engines[name].start(plan, options);
}
