// Plans of unikernels for Genode as those of Linux processes: the library that this takes is a file of the package.
import { fileURLToPath } from "node:url";
import { readFile } from "../host/any/files.js";
import { asProcess } from "../sealed/genode.js";
import type { Plan } from "../tender/attach.js";

/** Two folders up both from dist/src/node and from dist/bundle/node. */
const library = new URL("../../guest/lib/x86_64-solo5-none-static/solo5_genode_process", import.meta.url);

/** `plan` as it is where it is not for Genode. Throws Solo5Error `OPEN`. */
export const processPlan = <P extends Plan>(plan: P): P =>
  plan.unikernel.target === "genode"
    ? { ...plan, unikernel: asProcess(plan.unikernel, readFile(fileURLToPath(library))) }
    : plan;
