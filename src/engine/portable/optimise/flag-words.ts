// What flags follow from, as the state area has it, is set before every exit; where nothing is left with it, that is taken out.
import type { ExitStatement, Statement } from "../ir/block.js";
import { isZero } from "../ir/node.js";
import type { RegisterFile } from "../ir/register-file.js";

/** Takes out what sets words of flags for exits that store none; `isNeededAtEnd`: the latest are needed behind the block. */
export function dropFlagWords(
  file: RegisterFile,
  statements: Statement[],
  isNeededAtEnd: boolean,
  needsFlags: (exit: ExitStatement) => boolean,
): void {
  let isNeeded = isNeededAtEnd;
  let isSetLater = false;
  let kept = statements.length;
  for (let position = statements.length - 1; position >= 0; position--) {
    const statement = statements[position];
    if (statement === undefined) continue;
    if (statement.kind === "exit" && !isZero(statement.when) && needsFlags(statement)) {
      isNeeded = true;
      isSetLater = false;
    }
    const isWord = statement.kind === "set" && file.isFlagWord(statement.slot);
    if (!isWord) {
      if (isSetLater) [isNeeded, isSetLater] = [false, false];
    } else if (isNeeded) isSetLater = true;
    if (!isWord || isNeeded) statements[--kept] = statement;
  }
  statements.splice(0, kept);
}
