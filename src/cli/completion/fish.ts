// Completion for fish: a line an option. fish's complete(1).
import type { CommandLine } from "../catalogue/command-line.js";
import { completed, quoted, subcommands, type OptionWord, type Values } from "./words.js";

/** What an argument is completed to: -F are files, -x nothing else. */
const argument = (values: Values): string => {
  if (values === "none") return "-x";
  if (values === "file") return "-r -F";
  if (values === "folder") return `-x -a ${quoted("(__fish_complete_directories)")}`;
  return `-x -a ${quoted(values.join(" "))}`;
};

/** What fish takes for a separate value, `--mem VALUE`, is none here: `--mem=` and `--net:` are whole words to it. */
function optionLine(head: string, option: OptionWord): string {
  const { text, help, isOpen, isSeparate, values } = option;
  const about = `-d ${quoted(help)}`;
  if (isOpen) {
    const kind = typeof values === "string" ? `@${values}` : values.join(" ");
    return `${head} -a ${quoted(`(__solo5_open ${text} ${kind})`)} ${about}\n`;
  }
  const form = text.startsWith("--") ? `-l ${text.slice(2)}` : `-s ${text.slice(1)}`;
  return `${head} ${form} ${isSeparate ? `${argument(values)} ` : ""}${about}\n`;
}

function commandLines(line: CommandLine): string {
  const { command, options, operands } = completed(line);
  const [first = "", second] = command.split(" ");
  const head = `complete -c ${first}${second === undefined ? "" : ` -n ${quoted(`__fish_seen_subcommand_from ${second}`)}`}`;
  const operand = operands === "none" ? "-f" : argument(operands).replace("-x", "-f").replace("-r ", "");
  return `${head} ${operand}\n${options.map((option) => optionLine(head, option)).join("")}`;
}

export function fishCompletion(own: readonly CommandLine[], classic: readonly CommandLine[]): string {
  const names = subcommands(own);
  const none = `__fish_use_subcommand`;
  return `# Completion of Solo5's commands for fish. Made by: solo5 completion fish
function __solo5_open -d 'An option that ends in = or :, and its value'
  set -l token (commandline -ct)
  if not string match -q -- $argv[1]'*' $token
    echo $argv[1]
    return
  end
  string match -q -- '*=*' $token; or return
  set -l parts (string split -m 1 = -- $token)
  switch $argv[2]
    case @none
    case @file
      printf '%s\\n' $parts[1]=(__fish_complete_path $parts[2])
    case @folder
      printf '%s\\n' $parts[1]=(__fish_complete_directories $parts[2])
    case '*'
      printf '%s\\n' $parts[1]=$argv[2..]
  end
end
complete -c solo5 -n ${none} -f
${names.map(([name, summary]) => `complete -c solo5 -n ${none} -a ${name} -d ${quoted(summary)}\n`).join("")}${[
    ...own,
    ...classic,
  ]
    .map(commandLines)
    .join("")}`;
}
