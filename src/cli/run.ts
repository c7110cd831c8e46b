// solo5 run: runs a unikernel of any target on the engine that is best for the file and the host.
import { basename } from "node:path";
import { readUnikernel } from "../image/unikernel.js";
import { hostDevices } from "../host/this-host.js";
import { readFile } from "../host/any/files.js";
import { attach } from "../tender/attach.js";
import type { Given } from "../tender/parse-options.js";
import { attachOptions } from "../tender/request.js";
import { missingKernel } from "../tender/texts.js";
import { UsageError } from "./command.js";
import type { Invocation } from "./own-command.js";
import { startAndWait } from "./start.js";

export function runCommand({ given, operands }: Invocation<Given["option"]>): Promise<number> {
  const [kernel, ...args] = operands;
  if (kernel === undefined) throw new UsageError(missingKernel);
  const plan = attach(readUnikernel(readFile(kernel), kernel), attachOptions(given, args), hostDevices);
  return startAndWait(plan, given, { name: basename(kernel), reporter: "solo5" });
}
