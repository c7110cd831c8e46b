#!/usr/bin/env node
// solo5: what the classic commands do not have. `run` takes a unikernel of any target, `seal` makes an executable,
// `replay` runs again what `run --record` has recorded.
import { packageVersion } from "../toolchain/layout.js";
import { main, print, UsageError } from "./command.js";
import { replayCommand, replayUsage } from "./replay.js";
import { runCommand, runUsage } from "./run.js";
import { sealCommand, sealUsage } from "./seal.js";

const usage = `${runUsage}\n${sealUsage}\n${replayUsage}`;
const commands: Readonly<Record<string, (args: readonly string[]) => number | Promise<number>>> = {
  run: runCommand,
  seal: sealCommand,
  replay: replayCommand,
};

await main({
  name: "solo5",
  usage,
  run([name = "", ...args]) {
    if (name === "--version") {
      print(`solo5 ${packageVersion()}\n`);
      return 0;
    }
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined)
      throw new UsageError(name === "" || name === "--help" ? "" : `no command '${name}'`);
    return command(args);
  },
});
