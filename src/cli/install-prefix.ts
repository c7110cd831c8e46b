// solo5 install-prefix DIR: the headers, bindings, wrappers, commands, manual pages and completions under DIR, for other
// projects' builds. docs/abi.md 7.
import { resolve } from "node:path";
import { installPrefix } from "../toolchain/install.js";
import { completionFiles, completionScript, type Shell } from "./completion/shells.js";
import { manPages } from "./help/pages.js";
import { onlyOperand, type Invocation } from "./own-command.js";

export function installPrefixCommand({ operands }: Invocation<string>): number {
  const shells = Object.keys(completionFiles) as Shell[];
  installPrefix(
    resolve(onlyOperand(operands, "DIR")),
    new Map([
      ...shells.map((shell) => [completionFiles[shell], completionScript(shell)] as const),
      ...[...manPages()].map(([name, page]) => [`share/man/man1/${name}`, page] as const),
    ]),
  );
  return 0;
}
