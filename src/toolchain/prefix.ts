// Where a wrapper finds headers and bindings: the prefix it was installed in, by its own path with symbolic links
// resolved, or else this package. docs/abi.md 7.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Isa } from "../abi/elf.js";
import type { Headers } from "./flags.js";
import { isas } from "./isa.js";
import { freestandingFolder, guestOutput, includeFolder, libFolder } from "./layout.js";

export interface ToolchainPrefix {
  readonly headers: Headers;
  /** Holds solo5_<abi>.o and solo5_<abi>.lds. */
  readonly lib: string;
}

/** The headers of an installed prefix. */
export const prefixHeaders = (prefix: string, isa: Isa): Headers => ({
  freestanding: join(prefix, "include", isas[isa].triple),
  solo5: join(prefix, "include", "solo5"),
});

/** `wrapper` is the wrapper's real path, `PREFIX/bin/<triple>-cc` if it was installed. */
export function findPrefix(wrapper: string, isa: Isa): ToolchainPrefix {
  const prefix = dirname(dirname(wrapper));
  const installed = prefixHeaders(prefix, isa);
  if (existsSync(join(installed.solo5, "solo5.h")))
    return { headers: installed, lib: libFolder(prefix, isa) };
  return {
    headers: { freestanding: freestandingFolder, solo5: includeFolder },
    lib: libFolder(guestOutput, isa),
  };
}
