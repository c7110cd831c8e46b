// The completion of every shell that we know.
import { classicCommands } from "../catalogue/classic.js";
import { ownCommands, type shells } from "../catalogue/own.js";
import { bashCompletion } from "./bash.js";
import { fishCompletion } from "./fish.js";
import { zshCompletion } from "./zsh.js";

export type Shell = (typeof shells)[number];

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const satisfies Record<
  Shell,
  typeof bashCompletion
>;

export const completionScript = (shell: Shell): string => scripts[shell](ownCommands, classicCommands);

/** Where each shell looks for it, below a prefix. */
export const completionFiles: Readonly<Record<Shell, string>> = {
  bash: "share/bash-completion/completions/solo5",
  zsh: "share/zsh/site-functions/_solo5",
  fish: "share/fish/vendor_completions.d/solo5.fish",
};
