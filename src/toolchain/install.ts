// Lays out a prefix as other projects' builds expect of an installed Solo5: bin, include and lib of docs/abi.md 7. The
// commands in bin/ run this package, which has to stay where it is.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Isa } from "../abi/elf.js";
import { ignoredVariable } from "../abi/linux/ignored.js";
import { isas } from "./isa.js";
import {
  freestandingFolder,
  guestOutput,
  includeFolder,
  libFolder,
  packageRoot,
  packageVersion,
} from "./layout.js";
import { prefixHeaders } from "./prefix.js";

/** Installs into `prefix`, over what is there; `more` are texts by their path in it. The bindings must have been built. */
export function installPrefix(prefix: string, more: ReadonlyMap<string, string> = new Map()): void {
  for (const isa of Object.keys(isas) as Isa[]) {
    const headers = prefixHeaders(prefix, isa);
    copyFiles(includeFolder, headers.solo5);
    copyFiles(freestandingFolder, headers.freestanding);
    copyFiles(libFolder(guestOutput, isa), libFolder(prefix, isa));
  }
  for (const [name, script] of Object.entries(packageCommands())) {
    const text = name.startsWith("solo5") && process.platform !== "win32" ? launcher : importer;
    write(join(prefix, "bin", name), text(join(packageRoot, script)));
    chmodSync(join(prefix, "bin", name), 0o755);
  }
  write(join(prefix, "lib", "pkgconfig", "solo5.pc"), pkgConfig(prefix));
  for (const [path, text] of more) write(join(prefix, path), text);
}

/** Node forgets which signals were ignored when it was started, and is told of them. */
const launcher = (script: string): string => `#!/bin/sh
while read -r key value; do
  if [ "$key" = SigIgn: ]; then export ${ignoredVariable}="$$:$value"; fi
done 2>/dev/null </proc/self/status
exec node '${script.replaceAll("'", "'\\''")}' "$@"
`;

/** Keeps the name that the command was called by, which tells the wrappers what they are. */
const importer = (script: string): string =>
  `#!/usr/bin/env node\nimport(${JSON.stringify(pathToFileURL(script).href)});\n`;

/** The files of one folder, without those below. */
function copyFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isFile()) copyFileSync(join(from, entry.name), join(to, entry.name));
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const packageCommands = (): Readonly<Record<string, string>> =>
  (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { bin: Record<string, string> })
    .bin;

/** For builds that ask pkg-config: the headers, and which cross compilers there are. */
const pkgConfig = (prefix: string): string => `prefix=${prefix.replaceAll(" ", "\\ ")}
bindir=\${prefix}/bin
includedir=\${prefix}/include
libdir=\${prefix}/lib
${Object.values(isas)
  .map(({ arch, triple }) => `cc_${arch}=\${bindir}/${triple}-cc\nld_${arch}=\${bindir}/${triple}-ld\n`)
  .join("")}
Name: solo5
Description: Solo5 headers, bindings and cross toolchain
Version: ${packageVersion()}
Cflags: -I\${includedir}/solo5
`;
