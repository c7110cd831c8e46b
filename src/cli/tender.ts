// What solo5-spt and solo5-hvt share: the classic command line, read in two passes, and its texts. docs/abi.md 6.1 and 6.2.
import { basename } from "node:path";
import type { TargetName } from "../abi/notes.js";
import { targets } from "../abi/notes.js";
import { readUnikernel, type Unikernel } from "../image/unikernel.js";
import { readFile } from "../host/any/files.js";
import type { AttachOptions } from "../tender/attach.js";
import type { OptionTable } from "../tender/option.js";
import type { OptionName } from "../tender/options.js";
import { parseOptions, type Given } from "../tender/parse-options.js";
import { usage } from "../tender/usage.js";
import { attachOptions } from "../tender/request.js";
import { missingKernel } from "../tender/texts.js";
import { packageVersion } from "../toolchain/layout.js";
import { main, UsageError } from "./command.js";

/** What a tender does once its command line is read. */
export interface Start {
  readonly unikernel: Unikernel;
  readonly options: AttachOptions;
  readonly given: readonly Given[];
  /** The file's base name: what the process is called. */
  readonly name: string;
}

/** Runs the tender `command` of a target; `start` gives the exit status. */
export function tenderMain<Name extends OptionName>(
  target: TargetName,
  table: OptionTable<Name>,
  start: (start: Start) => number | Promise<number>,
  command = `solo5-${target}`,
): Promise<void> {
  return main({
    name: command,
    usage: usage(command, table),
    run(args) {
      const { given, kernel, args: guestArgs } = parseOptions(args, table);
      const has = (option: Given["option"]): boolean => given.some((one) => one.option === option);
      if (has("help")) throw new UsageError();
      if (has("version")) {
        process.stderr.write(`${command} tender, version ${packageVersion()}\n`);
        process.stderr.write(`ABI version ${targets[target].versions.at(-1)}\n`);
        return 0;
      }
      if (kernel === undefined) throw new UsageError(missingKernel);
      const unikernel = readUnikernel(readFile(kernel), kernel, target);
      return start({ unikernel, given, name: basename(kernel), options: attachOptions(given, guestArgs) });
    },
  });
}
