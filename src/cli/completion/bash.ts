// Completion for bash (3.2 and later): a function over two tables. bash(1), Programmable Completion.
import type { CommandLine } from "../catalogue/command-line.js";
import { completed, optionName, quoted, subcommands, type Completed, type Values } from "./words.js";

/** What `__solo5_values` prints: a kind behind @, or words. */
const kind = (values: Values): string => (typeof values === "string" ? `@${values}` : values.join(" "));

const row = (key: string, text: string): string => `    ${quoted(key)}) echo ${quoted(text)} ;;\n`;

const optionRows = (all: readonly Completed[]): string =>
  all.map(({ command, options }) => row(command, options.map(({ text }) => text).join(" "))).join("");

const valueRows = (all: readonly Completed[]): string =>
  all
    .flatMap(({ command, options, operands }) => [
      ...options.map((option) => row(`${command} ${optionName(option)}`, kind(option.values))),
      row(command, kind(operands)),
    ])
    .join("");

/** Options whose value is the next word. */
const separateRows = (all: readonly Completed[]): string =>
  all
    .flatMap(({ command, options }) =>
      options
        .filter(({ isSeparate }) => isSeparate)
        .map((option) => quoted(`${command} ${optionName(option)}`)),
    )
    .join("|");

export function bashCompletion(own: readonly CommandLine[], classic: readonly CommandLine[]): string {
  const all = [...own, ...classic].map(completed);
  const names = ["solo5", ...classic.map(({ name }) => name)];
  return `# Completion of Solo5's commands for bash. Made by: solo5 completion bash
__solo5_options() {
  case $1 in
${optionRows(all)}  esac
}
__solo5_values() {
  case $1 in
${valueRows(all)}    solo5) echo ${quoted(
    subcommands(own)
      .map(([name]) => name)
      .join(" "),
  )} ;;
  esac
}
_solo5() {
  local line=\${COMP_LINE:0:COMP_POINT} cur command value kind prefix= candidate
  local -a words
  cur=\${line##*[[:space:]]}
  read -ra words <<<"$line"
  [[ -n $cur ]] || words+=("")
  command=\${words[0]##*/}
  local previous=\${words[\${#words[@]} - 2]}
  if [[ $command == solo5 && \${#words[@]} -gt 2 ]]; then command="solo5 \${words[1]}"; fi
  COMPREPLY=()
  value=$cur
  case $cur in
    --*=*)
      prefix=\${cur%%=*}=
      value=\${cur#*=}
      kind=\${prefix%=}
      kind=$(__solo5_values "$command \${kind%%:*}")
      ;;
    -*) kind=$(__solo5_options "$command") ;;
    *)
      case "$command $previous" in
        ${separateRows(all)}) kind=$(__solo5_values "$command $previous") ;;
        *) kind=$(__solo5_values "$command") ;;
      esac
      ;;
  esac
  # Readline replaces what stands behind the last of COMP_WORDBREAKS.
  local done=\${cur%"\${cur##*[$COMP_WORDBREAKS]}"}
  while IFS= read -r candidate; do
    [[ -n $candidate ]] && COMPREPLY+=("\${candidate#"$done"}")
  done < <(case $kind in
    @file) compgen -f -P "$prefix" -- "$value" ;;
    @folder) compgen -d -P "$prefix" -- "$value" ;;
    @none) ;;
    *) compgen -W "$kind" -P "$prefix" -- "$value" ;;
  esac)
  type compopt >/dev/null 2>&1 || return 0
  case $kind in @file | @folder) compopt -o filenames 2>/dev/null ;; esac
  case \${COMPREPLY[0]} in *[:=]) compopt -o nospace 2>/dev/null ;; esac
  return 0
}
complete -F _solo5 ${names.join(" ")}
`;
}
