// Completion for zsh: a function over tables with what each word means. zshcompsys(1).
import type { CommandLine } from "../catalogue/command-line.js";
import { completed, optionName, quoted, subcommands, type Completed, type Values } from "./words.js";

/** `word:what it means`, as _describe has it. */
const described = (word: string, meaning: string): string =>
  quoted(`${word.replaceAll(":", "\\:")}:${meaning}`);

const action = (values: Values): string => {
  if (values === "none") return "_message value";
  if (values === "file") return "_files";
  if (values === "folder") return "_files -/";
  return `compadd -- ${values.join(" ")}`;
};

function functionOf({ command, options, operands }: Completed): string {
  const open = options.filter(({ isOpen }) => isOpen).map(({ text, help }) => described(text, help));
  const closed = options.filter(({ isOpen }) => !isOpen).map(({ text, help }) => described(text, help));
  const values = options
    .filter((option) => option.isOpen)
    .map((option) => `        ${optionName(option)}(|:*)) ${action(option.values)} ;;\n`);
  const separate = options
    .filter(({ isSeparate }) => isSeparate)
    .map((option) => `    ${optionName(option)}) ${action(option.values)}; return ;;\n`);
  return `__${command.replaceAll(/[ -]/g, "_")}() {
  local -a open closed
  open=(${open.join(" ")})
  closed=(${closed.join(" ")})
  case $words[CURRENT-1] in
${separate.join("")}  esac
  case $PREFIX in
    --*=*)
      local option=\${PREFIX%%=*}
      compset -P 1 '*='
      case $option in
${values.join("")}      esac
      ;;
    -*)
      _describe -o option open -S '' -- closed
      ;;
    *) ${action(operands)} ;;
  esac
}
`;
}

export function zshCompletion(own: readonly CommandLine[], classic: readonly CommandLine[]): string {
  const name = (line: CommandLine): string => `__${line.name.replaceAll(/[ -]/g, "_")}`;
  const cases = (lines: readonly CommandLine[], word: (line: CommandLine) => string): string =>
    lines.map((line) => `    ${word(line)}) ${name(line)} ;;\n`).join("");
  const names = ["solo5", ...classic.map((line) => line.name)].join(" ");
  return `#compdef ${names}
# Completion of Solo5's commands for zsh. Made by: solo5 completion zsh
${[...own, ...classic].map((line) => functionOf(completed(line))).join("")}_solo5() {
  local -a commands
  commands=(${subcommands(own)
    .map(([word, meaning]) => described(word, meaning))
    .join(" ")})
  case \${words[1]:t} in
    solo5) ;;
${cases(classic, (line) => line.name)}  esac
  [[ \${words[1]:t} == solo5 ]] || return
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases(own, ({ name: full }) => full.replace("solo5 ", ""))}  esac
}
if [[ $funcstack[1] == _solo5 ]]; then _solo5 "$@"; else compdef _solo5 ${names}; fi
`;
}
