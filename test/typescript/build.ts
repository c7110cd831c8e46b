// Builds the tests' programs as unikernels, in a folder of the test's own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { solo5, type Outcome } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";

export const needsRunners = needsAll(
  needs.x8664Linux(),
  needs.file(join(projectRoot, "dist/runners/network.json"), "npm run build:runners"),
);

export const programs = join(projectRoot, "test/typescript/programs");
export const program = (name: string): string => join(programs, `${name}.ts`);
export const filesFolder = join(projectRoot, "test/typescript/files");

/** By programs/everywhere.ts with the words `one two`, these files and GREETING=hello. */
export const printed = `7 brown fox quick the 36893488147419103232n hello
one+two
from a file
true true
Uncaught: Shape {}
`;

/** Removed when the process ends. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "solo5-typescript-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const build = (...args: readonly string[]): Promise<Outcome> => solo5("solo5", ["build", ...args]);
