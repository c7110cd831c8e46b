// Manual pages in mdoc, which every man(1) reads: a page a command, from the catalogue. mdoc(7).
import { optionForm, topics } from "../../tender/option.js";
import { shortName, type CommandLine } from "../catalogue/command-line.js";
import { optionsByTopic } from "./text.js";

/** Text as roff prints it: each sentence begins a line, as its filling wants it. groff_char(7). */
const text = (given: string): string => sentence(given).replaceAll(/\. /g, ".\n");

/** A line of roff. */
const sentence = (given: string): string =>
  given
    .replaceAll(/\s+/g, " ")
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replace(/^\./, "\\&.");

/** A page's name: `solo5-run`. */
export const pageName = ({ name }: CommandLine): string => name.replaceAll(" ", "-");

/** What stands in quotes for a macro, so that none of its words are macros themselves. */
const argument = (given: string): string => `"${sentence(given).replaceAll('"', '""')}"`;

interface Page {
  readonly name: string;
  readonly summary: string;
  readonly synopsis: string;
  readonly sections: readonly string[];
  readonly seeAlso: readonly string[];
}

/** When what pages say in common was last changed. */
const date = "November 27, 2026";

const page = ({ name, summary, synopsis, sections, seeAlso }: Page): string => `.Dd ${date}
.Dt ${name.toUpperCase()} 1
.Os Solo5
.Sh NAME
.Nm ${name}
.Nd ${text(summary)}
.Sh SYNOPSIS
.Nm
.No ${argument(synopsis)}
${sections.join("")}.Sh SEE ALSO
${seeAlso.map((other, at) => `.Xr ${other} 1${at + 1 < seeAlso.length ? " ," : ""}\n`).join("")}`;

const list = (items: readonly (readonly [string, string])[]): string =>
  `.Bl -tag -width Ds\n${items.map(([term, meaning]) => `.It Cm ${argument(term)}\n${text(meaning)}\n`).join("")}.El\n`;

/** The page of one command. */
export function manPage(line: CommandLine): string {
  const options = optionsByTopic(line).map(
    ([topic, rows]) =>
      `.Ss ${topics[topic]}\n${list(
        rows.map(([key, option]) => [
          `${option.short === undefined || key.length === 1 ? "" : `-${option.short}, `}${optionForm(key, option)}`,
          `${option.help}${option.forms === undefined ? "" : "."}${(option.forms ?? []).map(([form, help]) => ` ${form}: ${help.join(" ")}.`).join("")}`,
        ]),
      )}`,
  );
  const examples = line.examples.map(
    ({ does, line: command }) => `.Pp\n${text(does)}:\n.Dl ${argument(command)}\n`,
  );
  return page({
    name: pageName(line),
    summary: line.summary,
    synopsis: line.operands,
    sections: [
      `.Sh DESCRIPTION\n${line.text.map(text).join("\n.Pp\n")}\n`,
      ...(options.length === 0 ? [] : [`.Sh OPTIONS\n${options.join("")}`]),
      ".Sh EXIT STATUS\n0 on success, 1 where the host or the user is at fault.\nWhere a unikernel ran, the status is its own.\n",
      ...(examples.length === 0 ? [] : [`.Sh EXAMPLES\n${examples.join("").replace(/^\.Pp\n/, "")}`]),
    ],
    seeAlso: ["solo5", ...(line.seeAlso ?? [])].toSorted(),
  });
}

/** The page of `solo5` itself, which lists the others. */
export const overviewPage = (own: readonly CommandLine[], classic: readonly CommandLine[]): string =>
  page({
    name: "solo5",
    summary: "unikernels of every Solo5 target: built, run, sealed, recorded and replayed",
    synopsis: "COMMAND [OPTIONS]",
    sections: [
      `.Sh DESCRIPTION\nCommands:\n${list(own.map((line) => [shortName(line), line.summary]))}`,
      `Commands of their own, as the reference Solo5 has them:\n${list(classic.map((line) => [line.name, line.summary]))}`,
      ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev SOLO5_CACHE\nThe folder for translated code, or none.\n.It Ev NO_COLOR\nNo emphasis in help.\n.El\n",
    ],
    seeAlso: [...own, ...classic].map(pageName).toSorted(),
  });
