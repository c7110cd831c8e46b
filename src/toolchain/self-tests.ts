// The self-test unikernels: guest/tests/ has a folder for each, this table what is not the same for all.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { BindingsTarget } from "./isa.js";
import { guestSource } from "./layout.js";

export const testsFolder = join(guestSource, "tests");

/** Not a self-test: what they share. */
export const testLibrary = "lib";

/** Targets of a self-test that does not make sense on all. */
const targetsOf: Readonly<Record<string, readonly BindingsTarget[]>> = {
  net_ring: ["hvt"],
  seccomp: ["spt"],
};

export interface SelfTest {
  readonly name: string;
  readonly targets: readonly BindingsTarget[];
}

export const selfTests = (): readonly SelfTest[] =>
  readdirSync(testsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== testLibrary)
    .map(({ name }) => ({ name, targets: targetsOf[name] ?? ["spt", "hvt"] }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
