// Every manual page, by the name of its file.
import { classicCommands } from "../catalogue/classic.js";
import { ownCommands } from "../catalogue/own.js";
import { manPage, overviewPage, pageName } from "./man.js";

export const manPages = (): ReadonlyMap<string, string> =>
  new Map([
    ["solo5.1", overviewPage(ownCommands, classicCommands)],
    ...[...ownCommands, ...classicCommands].map((line) => [`${pageName(line)}.1`, manPage(line)] as const),
  ]);
