// solo5 completion SHELL.
import { completionScript } from "./completion/shells.js";
import { shells } from "./catalogue/own.js";
import { print, UsageError } from "./command.js";
import { onlyOperand, type Invocation } from "./own-command.js";

export function completionCommand({ operands }: Invocation<string>): number {
  const wanted = onlyOperand(operands, "SHELL");
  const shell = shells.find((name) => name === wanted);
  if (shell === undefined)
    throw new UsageError(`no completion for ${wanted}: choose one of ${shells.join(", ")}`);
  print(completionScript(shell));
  return 0;
}
