// Jobs for the bindings of each target, and for what else of ours is linked or started below a guest.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bindingsFlags, genodeLibraryLink, linkFlags, positionFlags } from "../flags.js";
import type { BindingsTarget } from "../isa.js";
import type { Job } from "../jobs.js";
import {
  diskBootFile,
  genodeLibrary,
  genodeProcess,
  guestSource,
  linkerScript,
  packageVersion,
} from "../layout.js";
import { testFlags } from "./programs.js";
import { filesBelow, type GuestTools } from "./tools.js";

const bindingsFolder = join(guestSource, "bindings");

/** The bindings' object, with what debuggers want, and their linker script. */
export function bindingsJobs(tools: GuestTools, target: BindingsTarget): readonly Job[] {
  const folder = join(bindingsFolder, target);
  const script = readFileSync(join(folder, `${target}.lds`), "utf8");
  const flags = [
    ...bindingsFlags(tools.isa),
    ...testFlags.slice(1),
    ...positionFlags(target),
    `-DSOLO5_VERSION="v${packageVersion()}"`,
  ];
  return [
    tools.compile(join(folder, "bindings.c"), tools.wholeBindings(target), filesBelow(bindingsFolder), flags),
    { output: join(tools.lib, linkerScript(target)), inputs: [], make: { text: script } },
  ];
}

/** What stands for Genode's library, while linking and in a process: objects, then the files, after the bindings. */
export function genodeJobs(tools: GuestTools): { readonly compile: Job; readonly link: readonly Job[] } {
  const { compiler, lib } = tools;
  const folder = join(bindingsFolder, "genode");
  const object = join(tools.work, "bindings", "genode-process.o");
  const script = join(folder, "process.lds");
  const bindings = tools.wholeBindings("genode");
  const [library, program] = [join(lib, genodeLibrary), join(lib, genodeProcess)];
  return {
    compile: tools.compile(join(folder, "process.c"), object, filesBelow(bindingsFolder), [
      ...bindingsFlags(tools.isa),
      ...testFlags.slice(1),
    ]),
    link: [
      {
        output: library,
        inputs: [bindings],
        make: [...compiler.ld, ...genodeLibraryLink, "-s", bindings, "-o", library],
      },
      {
        output: program,
        inputs: [script, object],
        make: [...compiler.ld, ...linkFlags, "--strip-debug", "-T", script, object, "-o", program],
      },
    ],
  };
}

/** The boot code of disks, for PCs. */
export function diskBootJobs(tools: GuestTools): { readonly compile: Job; readonly link: Job } {
  const folder = join(guestSource, "boot");
  const [source, script] = [join(folder, "disk.S"), join(folder, "disk.lds")];
  const object = join(tools.work, "boot", "disk.S.o");
  const code = diskBootFile(tools.output);
  return {
    compile: tools.compile(source, object, [source], []),
    link: {
      output: code,
      inputs: [script, object],
      make: [...tools.compiler.ld, "--oformat=binary", "-T", script, object, "-o", code],
    },
  };
}
