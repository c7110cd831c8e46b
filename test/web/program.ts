// The web server as a unikernel to build.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { sourceFolder, type Program } from "../unikernels.js";

const folder = sourceFolder("web");
const files = (suffix: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .map((name) => join(folder, name));

export const webServer: Program = {
  folder: "web",
  name: "web",
  parts: files(".c")
    .filter((file) => !file.endsWith("load.c"))
    .map((file) => ({ file, headers: files(".h") })),
  devices: [{ name: "service0", type: "NET_BASIC" }],
};
