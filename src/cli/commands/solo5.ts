// solo5: what the classic commands do not have. `run` takes a unikernel of any target, `seal` makes an executable,
// `replay` runs again what `run --record` has recorded.
import { main, printVersion, UsageError } from "../command.js";
import { replayCommand, replayUsage } from "../replay.js";
import { runCommand, runUsage } from "../run.js";
import { sealCommand, sealUsage } from "../seal.js";

interface Subcommand {
  readonly usage: string;
  run(args: readonly string[]): number | Promise<number>;
}
const commands: Readonly<Record<string, Subcommand>> = {
  run: { usage: runUsage, run: runCommand },
  seal: { usage: sealUsage, run: sealCommand },
  replay: { usage: replayUsage, run: replayCommand },
};

let chosen: readonly Subcommand[] = Object.values(commands);

await main({
  name: "solo5",
  get usage() {
    return chosen.map(({ usage }) => usage).join("\n");
  },
  run([name = "", ...args]) {
    if (name === "--version") return printVersion();
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined)
      throw new UsageError(name === "" || name === "--help" ? "" : `no command '${name}'`);
    chosen = [command];
    return command.run(args);
  },
});
