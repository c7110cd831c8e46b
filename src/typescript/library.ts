// Chooses a program's library: the first that has all that the program names of what the whole one has.
import { libraries, type Library } from "./runners.js";

/** Whether a bundle's text names a global, a member, or a module, as guest/typescript/modules has them. */
function names(source: string, provided: string): boolean {
  const module = /^solo5:(.+)$/.exec(provided)?.[1];
  const text = module === undefined ? provided : `Symbol.for("solo5.modules")].${module}`;
  for (let at = source.indexOf(text); at >= 0; at = source.indexOf(text, at + 1)) {
    const isInside = (char: string | undefined): boolean => char !== undefined && /[\w$]/.test(char);
    if (!isInside(source[at + text.length]) && (module !== undefined || !isInside(source[at - 1])))
      return true;
  }
  return false;
}

export function libraryFor(
  source: string,
  provided: ReadonlyMap<Library, readonly string[]>,
  hasFiles: boolean,
): Library {
  const whole = libraries.at(-1) ?? "network";
  const needed = (provided.get(whole) ?? []).filter(
    (name) => names(source, name) || (hasFiles && name === "solo5:fs"),
  );
  return libraries.find((library) => needed.every((name) => provided.get(library)?.includes(name))) ?? whole;
}
