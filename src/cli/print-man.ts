// solo5 man [COMMAND].
import { print, UsageError } from "./command.js";
import { manPages } from "./help/pages.js";
import { nearest } from "./help/suggest.js";
import { onlyOperand, type Invocation } from "./own-command.js";

export function manCommand({ operands }: Invocation<string>): number {
  const name = operands.length === 0 ? "solo5" : onlyOperand(operands, "COMMAND");
  const pages = manPages();
  const page = pages.get(`${name}.1`) ?? pages.get(`solo5-${name}.1`);
  if (page === undefined) {
    const meant = nearest(
      name,
      [...pages.keys()].map((file) => file.replace(/^solo5-|\.1$/g, "")),
    );
    throw new UsageError(`no page about ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`);
  }
  print(page);
  return 0;
}
