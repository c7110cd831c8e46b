// solo5 run: runs a unikernel of any target on the engine that is best for the file and the host.
import { basename } from "node:path";
import { readUnikernel } from "../image/unikernel.js";
import { hostDevices } from "../linux/host-devices.js";
import { readFile } from "../node/files.js";
import { attach } from "../tender/attach.js";
import { parseOptions, runOptions, usage, valueOf } from "../tender/options.js";
import { attachOptions } from "../tender/request.js";
import { missingKernel } from "../tender/texts.js";
import { printVersion, UsageError } from "./command.js";
import { startAndWait } from "./start.js";

export const runUsage = usage("solo5 run", runOptions);

export async function runCommand(args: readonly string[]): Promise<number> {
  const { given, kernel, args: guestArgs } = parseOptions(args, runOptions);
  if (valueOf(given, "help") !== undefined) throw new UsageError();
  if (valueOf(given, "version") !== undefined) return printVersion();
  if (kernel === undefined) throw new UsageError(missingKernel);
  const options = attachOptions(given, guestArgs);
  const plan = attach(readUnikernel(readFile(kernel), kernel), options, hostDevices);
  return startAndWait(plan, given, { name: basename(kernel), reporter: "solo5" });
}
