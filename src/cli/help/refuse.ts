// What our own commands say of an option that does not exist or has the wrong form: the rule, and the option that was
// probably meant. Classic commands have a text of their own.
import { optionForm, type OptionTable } from "../../tender/option.js";
import { UsageError } from "../command.js";
import { nearest } from "./suggest.js";

/** For `parseOptions`. */
export const refuseOption =
  (table: OptionTable) =>
  (argument: string): UsageError => {
    const [, key = ""] = /^--?([^:=]*)/.exec(argument) ?? [];
    const known = Object.hasOwn(table, key)
      ? key
      : Object.keys(table).find((name) => table[name]?.short === key.charAt(0) && argument[1] !== "-");
    const option = known === undefined ? undefined : table[known];
    if (known !== undefined && option !== undefined)
      return new UsageError(`${argument}: this option is written ${optionForm(known, option)}`);
    const meant = nearest(key, Object.keys(table));
    const suggestion = meant === undefined ? "" : `; did you mean --${meant}?`;
    return new UsageError(`there is no option ${argument}${suggestion}`);
  };
