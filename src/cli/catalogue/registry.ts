// What each command of `solo5` does: a module that is loaded when it is asked for. A new command is a line in own.ts and
// a row here.
import { ownCommand, type OwnCommand } from "../own-command.js";
import { shortName } from "./command-line.js";
import {
  build,
  check,
  completion,
  demo,
  dev,
  image,
  installPrefix,
  man,
  net,
  relay,
  replay,
  run,
  seal,
  selfTest,
} from "./own.js";

const rows: readonly OwnCommand[] = [
  ownCommand(run, async () => (await import("../run.js")).runCommand),
  ownCommand(seal, async () => (await import("../seal.js")).sealCommand, { isMixed: true }),
  ownCommand(build, async () => (await import("../build.js")).buildCommand, { isMixed: true }),
  ownCommand(dev, async () => (await import("../dev.js")).devCommand, { isMixed: true }),
  ownCommand(replay, async () => (await import("../replay.js")).replayCommand),
  ownCommand(demo, async () => (await import("../demo.js")).demoCommand),
  ownCommand(relay, async () => (await import("../relay.js")).relayCommand),
  ownCommand(image, async () => (await import("../image.js")).imageCommand, { isMixed: true }),
  ownCommand(net, async () => (await import("../net.js")).netCommand, { isMixed: true }),
  ownCommand(check, async () => (await import("../check.js")).checkCommand),
  ownCommand(selfTest, async () => (await import("../self-test.js")).selfTestCommand, { isMixed: true }),
  ownCommand(installPrefix, async () => (await import("../install-prefix.js")).installPrefixCommand),
  ownCommand(completion, async () => (await import("../print-completion.js")).completionCommand),
  ownCommand(man, async () => (await import("../print-man.js")).manCommand),
];

export const commands: ReadonlyMap<string, OwnCommand> = new Map(
  rows.map((row) => [shortName(row.line), row]),
);
