// solo5 replay: runs a recording again, to the same instruction; under gdb also backwards.
import { debugRequest } from "../node/debug-request.js";
import { parseOptions, replayOptions, usage, valueOf } from "../tender/options.js";
import { printVersion, UsageError } from "./command.js";
import { withSignals } from "./signals.js";

export const replayUsage = usage("solo5 replay", replayOptions)
  .replace("[--] KERNEL [ARGUMENTS]", "FILE")
  .replace(/KERNEL is .*\n/, "FILE is what solo5 run --record has written.\n");

export async function replayCommand(args: readonly string[]): Promise<number> {
  const { given, kernel: file, args: rest } = parseOptions(args, replayOptions);
  if (valueOf(given, "help") !== undefined) throw new UsageError();
  if (valueOf(given, "version") !== undefined) return printVersion();
  if (file === undefined) throw new UsageError("replay: Missing FILE operand");
  if (rest.length > 0) throw new UsageError(`replay: one FILE, not also ${rest.join(" ")}`);
  const { startReplay } = await import("../node/replay.js");
  return withSignals(() => startReplay(file, debugRequest(given), "solo5"));
}
