// spec: a config.json to begin with.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { systemErrorMessage } from "../host/any/system-error.js";
import { ociVersion } from "./state.js";

export const newConfig = (file: string): object => ({
  ociVersion,
  process: { args: [file], cwd: "/", env: [], user: { uid: 65534, gid: 65534 } },
  root: { path: "rootfs", readonly: true },
  hostname: "solo5",
  linux: { namespaces: ["mount", "network", "uts", "ipc"].map((type) => ({ type })) },
});

/** Writes it to the folder `bundle`, unless there is one. Throws Solo5Error. */
export function writeSpec(bundle: string, file: string): void {
  const path = join(bundle, "config.json");
  try {
    writeFileSync(path, `${JSON.stringify(newConfig(file), null, 2)}\n`, { flag: "wx" });
  } catch (cause) {
    throw new Solo5Error("CONFIG", `${path}: ${systemErrorMessage(cause)}`, { cause });
  }
}
