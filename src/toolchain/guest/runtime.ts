// Jobs for the compiler's runtime, and for the libraries that are empty.
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "../jobs.js";
import { emptyArchives, guestSource, runtimeArchive } from "../layout.js";
import { runtimeFlags, splitArchive, zigRuntimeFlags } from "../runtime.js";
import type { GuestTools } from "./tools.js";

/** Parts first, then archives. */
export interface RuntimeJobs {
  readonly parts: readonly Job[];
  readonly archives: readonly Job[];
}

export function runtimeJobs(tools: GuestTools): RuntimeJobs {
  const { compiler, lib } = tools;
  const runtime = compiler.runtime();
  const archive = join(lib, runtimeArchive);
  const empty = emptyArchives.map((name): Job => ({
    output: join(lib, name),
    inputs: [],
    make: { text: "!<arch>\n" },
  }));
  if ("archive" in runtime) {
    const copy = { steps: "copy", run: async () => copyFileSync(runtime.archive, archive) };
    return { parts: [], archives: [{ output: archive, inputs: [runtime.archive], make: copy }, ...empty] };
  }
  const folder = join(tools.work, "runtime");
  const source = join(guestSource, "runtime", "missing.c");
  const missing = join(folder, "missing.o");
  const object = join(folder, "compiler_rt.o");
  const caches = ["--cache-dir", join(folder, "cache"), "--global-cache-dir", join(folder, "cache")];
  const name = ["--name", "compiler_rt", `-femit-bin=${object}`];
  const split = () => splitArchive(archive, [object, missing], compiler, join(folder, "members"));
  return {
    parts: [
      tools.compile(source, missing, [source], runtimeFlags),
      {
        output: object,
        inputs: [runtime.version],
        make: [...runtime.zig, ...zigRuntimeFlags, ...caches, ...name],
      },
    ],
    archives: [
      {
        output: archive,
        inputs: [object, missing],
        make: { steps: "split, localize, strip all that is not needed", run: split },
      },
      ...empty,
    ],
  };
}
