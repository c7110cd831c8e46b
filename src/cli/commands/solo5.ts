// solo5: what the classic commands do not have, each a command of its own; catalogue/registry.ts has them.
import { classicCommands } from "../catalogue/classic.js";
import { ownCommands } from "../catalogue/own.js";
import { commands } from "../catalogue/registry.js";
import { main, print, printVersion, UsageError } from "../command.js";
import { hasColours } from "../help/style.js";
import { nearest } from "../help/suggest.js";
import { hint, overview } from "../help/text.js";
import type { OwnCommand } from "../own-command.js";

let chosen: OwnCommand | undefined;

const help = (isBold: boolean): string => overview(ownCommands, classicCommands, isBold);

function find(name: string): OwnCommand {
  const command = commands.get(name);
  if (command !== undefined) return command;
  const meant = nearest(name, [...commands.keys()]);
  throw new UsageError(
    `there is no command '${name}'${meant === undefined ? "" : `; did you mean ${meant}?`}`,
  );
}

await main({
  name: "solo5",
  get usage() {
    return chosen === undefined ? "see: solo5 --help\n" : hint(chosen.line);
  },
  run([name, ...args]) {
    switch (name) {
      case undefined:
        process.stderr.write(help(hasColours(2)));
        return 1;
      case "--version":
        return printVersion();
      case "help":
      case "--help":
      case "-h":
        if (args[0] !== undefined) return find(args[0]).run(["--help"]);
        print(help(hasColours(1)));
        return 0;
      default:
        chosen = find(name);
        return chosen.run(args);
    }
  },
});
