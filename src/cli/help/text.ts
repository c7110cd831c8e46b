// What `solo5 --help` and `solo5 COMMAND --help` print.
import { optionForm, topics, type Option, type Topic } from "../../tender/option.js";
import { shortName, type CommandLine } from "../catalogue/command-line.js";
import { bold } from "./style.js";
import { definition, wrap } from "./wrap.js";

const optionColumn = 32;
const commandColumn = 18;

const usageLine = ({ name, operands }: CommandLine): string => `usage: ${`${name} ${operands}`.trim()}\n`;

/** How the command is called, and where to read more: what follows an error. */
export const hint = (line: CommandLine): string => `${usageLine(line)}see:   ${line.name} --help\n`;

/** `-o, --output=FILE`. */
const term = (key: string, option: Option): string =>
  `  ${option.short === undefined || key.length === 1 ? "" : `-${option.short}, `}${optionForm(key, option)}`;

/** The options of `line` by topic; topics without any are left out. */
export const optionsByTopic = ({ options }: CommandLine): readonly [Topic, readonly [string, Option][]][] =>
  (Object.keys(topics) as Topic[])
    .map((topic): [Topic, [string, Option][]] => [
      topic,
      Object.entries(options).filter(([, option]) => option.topic === topic),
    ])
    .filter(([, rows]) => rows.length > 0);

/** What an option's value may be. */
const formsOf = ({ value, forms = [] }: Option): string =>
  forms.length === 0
    ? ""
    : `  ${value} is one of\n${forms.map(([form, help]) => definition(`    ${form}`, help.join(" "), optionColumn)).join("")}`;

/** All about one command. */
export function commandHelp(line: CommandLine, isBold = false): string {
  const head = (text: string): string => `\n${bold(`${text}:`, isBold)}\n`;
  const paragraphs = [`${capital(line.summary)}.`, ...line.text].map((text) => `\n${wrap(text)}`);
  const options = optionsByTopic(line).map(
    ([topic, rows]) =>
      head(topics[topic]) +
      rows.map(([key, option]) => definition(term(key, option), option.help, optionColumn)).join("") +
      rows.map(([, option]) => formsOf(option)).join(""),
  );
  const examples = line.examples.map(({ does, line: command }) => `  # ${does}\n  ${command}\n`);
  return [
    usageLine(line),
    ...paragraphs,
    ...options,
    examples.length === 0 ? "" : head("Examples") + examples.join(""),
  ].join("");
}

/** All commands, on one screen. */
export const overview = (
  own: readonly CommandLine[],
  classic: readonly CommandLine[],
  isBold = false,
): string => `usage: solo5 COMMAND [OPTIONS]

${bold("Commands:", isBold)}
${own.map((line) => definition(`  ${shortName(line)}`, line.summary, commandColumn)).join("")}
${bold("Commands of their own, as the reference Solo5 has them:", isBold)}
${wrap(`${classic.map(({ name }) => name).join(" ")} {x86_64,aarch64}-solo5-none-static-{cc,ld,objcopy}`, 80, "  ")}solo5 COMMAND --help tells a command's options, solo5 --version the version.
`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
