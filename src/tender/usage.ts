// The usage of the classic tenders, from a table of options. docs/abi.md 6.1.
import { optionForm, type OptionTable } from "./option.js";

/** The classic usage: a line an option, and lines for the forms that values have. */
export function usage(command: string, table: OptionTable): string {
  const rows = Object.entries(table).map(([key, option]) => {
    return `    ${optionForm(key, option).padEnd(32)}${option.help}\n`;
  });
  const forms = Object.values(table).flatMap(({ value, forms = [] }) => [
    ...(forms.length === 0 ? [] : [`${value} is one of\n`]),
    ...forms.flatMap(([form, help]) =>
      help.map((line, i) => `    ${(i === 0 ? form : "").padEnd(32)}${line}\n`),
    ),
  ]);
  return `usage: ${command} [OPTIONS] [--] KERNEL [ARGUMENTS]

KERNEL is the unikernel's file, ARGUMENTS are passed to it.
OPTIONS:
${rows.join("")}${forms.join("")}`;
}
