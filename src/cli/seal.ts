// solo5 seal: makes an executable of a unikernel for spt or Genode and its devices.
import { basename } from "node:path";
import { readUnikernel } from "../image/unikernel.js";
import { sealingDevices } from "../host/this-host.js";
import { seal } from "../sealed/seal.js";
import { readFile, writeFile } from "../host/any/files.js";
import { processPlan } from "../node/genode-process.js";
import { attach } from "../tender/attach.js";
import { valueOf, type Given } from "../tender/parse-options.js";
import { attachOptions } from "../tender/request.js";
import { UsageError } from "./command.js";
import { onlyOperand, type Invocation } from "./own-command.js";
import { warn } from "./say.js";

/** Whatever follows `--` are the unikernel's arguments. */
export function sealCommand({ given, operands }: Invocation<Given["option"]>): number {
  const separator = operands.includes("--") ? operands.indexOf("--") : operands.length;
  const kernel = onlyOperand(operands.slice(0, separator), "KERNEL");
  const output = valueOf(given, "output");
  if (output === undefined) throw new UsageError("-o FILE is missing");
  const unikernel = readUnikernel(readFile(kernel), kernel);
  const options = attachOptions(given, operands.slice(separator + 1));
  const plan = attach(unikernel, options, sealingDevices);
  warn(plan, "solo5");
  const name = basename(output);
  writeFile(output, seal(processPlan(plan), { prefix: `${name}: `, processName: name }), 0o777);
  return 0;
}
