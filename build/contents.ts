// What the package consists of, and where: package.json names the same, and a test compares them.
import { join } from "node:path";
import type { Group } from "./merge-chunks.js";

export const bundleFolder = "dist/bundle";
export const nodeFolder = join(bundleFolder, "node");
export const pageFile = join(bundleFolder, "browser.js");
/** The engine of an ISA is `engine-ISA.js`; what engines share stands beside them. */
export const engineName = (isa: string): string => `engine-${isa}`;
/** Declarations, as far as the interfaces need them. */
export const typesFolder = "dist/types";
export const manFolder = "dist/man";
/** What a release makes: tarballs, and the other package that one of them is made of. */
export const releaseFolder = "dist/release";
export const selfTestsFolder = "dist/self-tests";

/** Modules below src/ that are loaded by name: the interface, the commands, and the thread of a virtual machine. */
export const programs: readonly string[] = [
  "index",
  "cli/solo5",
  "cli/spt-hosted",
  "cli/solo5-hvt",
  "cli/solo5-hvt-debug",
  "cli/solo5-elftool",
  "cli/solo5-muen-gencspec",
  "cli/solo5-virtio-mkimage",
  "cli/solo5-virtio-run",
  "cli/toolchain",
  "hypervisor/vcpu-thread",
];

/** What runs in threads and is small. */
export const threads: readonly string[] = ["host/posix/net/poll-worker", "node/companion-worker"];

/** The files that have what programs share: what the smaller need comes first, and theirs is all that they load. */
export const groups: readonly Group[] = [
  { name: "base", programs: ["cli/toolchain"] },
  {
    name: "image",
    programs: ["cli/commands/solo5-elftool", "cli/commands/solo5-muen-gencspec", "cli/image"],
  },
  { name: "common", programs: ["cli/commands/solo5"] },
  { name: "sealing", programs: ["cli/seal", "cli/commands/solo5-virtio-mkimage"] },
  { name: "machine", programs: ["hypervisor/vcpu-thread"] },
  { name: "runs", programs: ["cli/run", "cli/commands/solo5-hvt", "cli/spt-hosted"] },
];
