// Starts a plan on the engine that the user wants, or on the best, and gives its status: what every command that runs
// unikernels ends with.
import { chooseEngine, start } from "../node/engines.js";
import type { StartOptions } from "../tender/engine.js";
import { debugRequest } from "../tender/debug-options.js";
import { formatNet, netOptions } from "../net/schemes.js";
import type { AttachedNet, Plan } from "../tender/attach.js";
import { tuneCompiler } from "../node/jit.js";
import { valueOf, type Given } from "../tender/parse-options.js";
import { say, warn } from "./say.js";
import { withSignals } from "./signals.js";

export function startAndWait(plan: Plan, given: readonly Given[], options: StartOptions): Promise<number> {
  const debug = debugRequest(given);
  const { name, why } = chooseEngine(plan, valueOf(given, "engine"), debug);
  if (valueOf(given, "verbose") !== undefined) {
    say(options.reporter, `engine ${name}${why === "" ? "" : ` (${why})`}`);
    for (const device of plan.devices) if (device.type === "NET_BASIC") sayNet(options.reporter, device);
  }
  warn(plan, options.reporter);
  if (name === "wasm") tuneCompiler();
  return withSignals(
    () => start(plan, name, { ...options, debug, cache: valueOf(given, "cache"), isSolitary: true }),
    options.reporter,
  );
}

/** What a network device is, with the options that unikernels without DHCP take for their addresses. */
function sayNet(reporter: string, { name, source }: AttachedNet): void {
  const addresses = netOptions(source);
  say(reporter, `${name} is ${formatNet(source)}${addresses === undefined ? "" : `: ${addresses}`}`);
}
