// The rules for make (-MD, -MMD) of sources that are compiled and linked in one go. gcc(1): they go into a file that is
// named after the output or, without one, after `a` and the source.
import { parse, join } from "node:path";

interface Dependencies {
  /** The file that the rule goes to; several sources may have the same. */
  readonly file: string;
  /** Flags that write the rule to `temporary`. */
  flags(temporary: string): readonly string[];
}

/** What `options` ask for `source`, or undefined where that is nothing. */
export function dependencies(
  options: readonly string[],
  source: string,
  output: string | undefined,
): Dependencies | undefined {
  if (!options.some((option) => /^-MM?D$/.test(option))) return undefined;
  const isNamed = options.some((option) => /^-M[TQ]/.test(option));
  const { name } = parse(source);
  return {
    file: fileOf(options) ?? (output === undefined ? `a-${name}.d` : withoutSuffix(output)),
    flags: (temporary) => ["-MF", temporary, ...(isNamed ? [] : ["-MQ", output ?? `${name}.o`])],
  };
}

/** The value of the last -MF. */
function fileOf(options: readonly string[]): string | undefined {
  const at = options.findLastIndex((option) => option.startsWith("-MF"));
  return at < 0 ? undefined : options[at] === "-MF" ? options[at + 1] : options[at]?.slice("-MF".length);
}

function withoutSuffix(output: string): string {
  const { dir, name } = parse(output);
  return `${join(dir, name)}.d`;
}
