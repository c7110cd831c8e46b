// solo5 seal: makes an executable of an spt unikernel and its devices.
import { basename } from "node:path";
import { readUnikernel } from "../image/unikernel.js";
import { sealingDevices } from "../linux/host-devices.js";
import { seal } from "../linux/seal.js";
import { readFile, writeFile } from "../node/files.js";
import { attach } from "../tender/attach.js";
import { parseOptions, sptOptions } from "../tender/options.js";
import { attachOptions } from "../tender/request.js";
import { missingKernel } from "../tender/texts.js";
import { printVersion, UsageError } from "./command.js";
import { warn } from "./say.js";

export const sealUsage = `usage: solo5 seal KERNEL [OPTIONS] -o FILE [-- ARGUMENTS]

FILE becomes an executable: the spt unikernel KERNEL with its devices and arguments.
It needs no tender and no Node. The options are those of solo5-spt.
`;

/** `KERNEL` may stand before or behind the options; whatever follows `--` are the unikernel's arguments. */
export function sealCommand(args: readonly string[]): number {
  const separator = args.includes("--") ? args.indexOf("--") : args.length;
  const own = args.slice(0, separator);
  if (own.includes("--help")) throw new UsageError();
  if (own.includes("--version")) return printVersion();
  const outputAt = own.indexOf("-o");
  const output = outputAt < 0 ? undefined : own[outputAt + 1];
  if (output === undefined) throw new UsageError("seal: -o FILE is missing");
  own.splice(outputAt, 2);
  const options = own.filter((argument) => argument.startsWith("-"));
  const [kernel, ...rest] = own.filter((argument) => !argument.startsWith("-"));
  if (kernel === undefined) throw new UsageError(`seal: ${missingKernel}`);
  if (rest.length > 0) throw new UsageError(`seal: one KERNEL, not also ${rest.join(" ")}`);

  const { given } = parseOptions(options, sptOptions);
  const unikernel = readUnikernel(readFile(kernel), kernel);
  const plan = attach(unikernel, attachOptions(given, args.slice(separator + 1)), sealingDevices);
  warn(plan, "solo5");
  const name = basename(output);
  writeFile(output, seal(plan, { prefix: `${name}: `, processName: name }), 0o777);
  return 0;
}
