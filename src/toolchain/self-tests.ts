// The self-test unikernels: guest/tests/ has a folder for each, this table what is not the same for all.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { isas, type BindingsTarget } from "./isa.js";
import { guestSource } from "./layout.js";

export const testsFolder = join(guestSource, "tests");

/** Not a self-test: what they share. */
export const testLibrary = "lib";

const withTls: readonly BindingsTarget[] = ["spt", "hvt", "virtio", "muen", "xen"];

/** Targets of a self-test that does not make sense on all. */
const targetsOf: Readonly<Record<string, readonly BindingsTarget[]>> = {
  net_ring: ["hvt"],
  seccomp: ["spt"],
  ticks: ["virtio"],
  // Solo5 has no disks on muen.
  blk: ["spt", "hvt", "virtio", "genode", "xen"],
  // Genode has no thread-local storage: tls is refused there.
  ...Object.fromEntries(["notls", "tls_small", "tls_zero"].map((name) => [name, withTls])),
  // virtio's page tables protect nothing but page 0.
  ...Object.fromEntries(
    ["xnow", "rnow", "wnox", "xnor", "rnox"].map((name) => [name, ["spt", "hvt", "muen", "genode", "xen"]]),
  ),
};

export interface SelfTest {
  readonly name: string;
  readonly targets: readonly BindingsTarget[];
}

/** Those that there are for `isa`. */
export const selfTests = (isa: Isa): readonly SelfTest[] =>
  readdirSync(testsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== testLibrary)
    .map(({ name }) => ({
      name,
      targets: (targetsOf[name] ?? [...withTls, "genode"]).filter((target) =>
        isas[isa].targets.includes(target),
      ),
    }))
    .filter(({ targets }) => targets.length > 0)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
