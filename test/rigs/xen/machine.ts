// Xen, with a Linux as its dom0 whose only programs are xl, what serves xenstore and the consoles, and a shell.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { projectRoot } from "../../project.js";
import type { Entry } from "../cpio.js";
import type { Machine } from "../machines.js";
import { folderOf, librariesOf } from "../software.js";

const programs = ["xl", "xenstored", "xenconsoled", "xen-init-dom0"] as const;

/** Where xl looks for what connects a device's back end: scripts of our own, which need no bash. */
const scripts = {
  guest: "bin/guest",
  "vif-bridge": "etc/xen/scripts/vif-bridge",
  block: "etc/xen/scripts/block",
};

function* software(machine: Machine): Generator<Entry> {
  const root = join(folderOf(machine), "root");
  const version = readdirSync(join(root, "usr/lib")).find((name) => /^xen-\d/.test(name)) ?? "";
  const files = programs.map((name) => `usr/lib/${version}/bin/${name}`);
  for (const path of files) yield { path, content: readFileSync(join(root, path)) };
  for (const name of programs)
    yield { path: `bin/${name}`, content: { link: `/usr/lib/${version}/bin/${name}` } };
  yield { path: "bin/xenstore", content: readFileSync(join(root, "usr/bin/xenstore")) };
  for (const name of ["ls", "read", "write"])
    yield { path: `bin/xenstore-${name}`, content: { link: "xenstore" } };
  const folders = ["usr/lib", "lib"].map((lib) => join(root, lib, "x86_64-linux-gnu")).filter(existsSync);
  yield* librariesOf(
    [...files, "usr/bin/xenstore"].map((path) => join(root, path)),
    folders,
  );
  // The C library loads it once a thread is cancelled.
  const libgcc = "lib/x86_64-linux-gnu/libgcc_s.so.1";
  yield { path: libgcc, content: readFileSync(`/${libgcc}`) };
  // dom0's memory is given to it at the start: guests take none of it.
  yield { path: "etc/xen/xl.conf", content: new TextEncoder().encode('autoballoon="off"\n') };
  for (const [name, path] of Object.entries(scripts))
    yield { path, content: readFileSync(join(projectRoot, "test/rigs/xen", name)) };
  for (const path of ["run", "var/lib/xen", "var/lib/xenstored", "var/log/xen"]) yield { path };
}

const setUp = [
  // Xen ends lines as a terminal wants them, once.
  "stty -onlcr </dev/console",
  "mkdir -p /dev/pts; mount -t devpts pts /dev/pts",
  "mount -t tmpfs run /run; mkdir -p /run/xen /run/xenstored; ln -s /run /var/run",
  "mount -t xenfs xenfs /proc/xen",
  "xenstored --pid-file /run/xenstored.pid",
  "until [ -S /run/xenstored/socket ]; do sleep 0.1; done",
  "xen-init-dom0 >/dev/null",
  "xenconsoled --log=all --log-dir=/var/log/xen --pid-file=/run/xenconsoled.pid",
];

/** Xen's own image, which QEMU wants unpacked; Linux and its initramfs are its modules. What its buffer has no room for is not printed. */
function boot(machine: Machine, kernel: string, parameters: string, initrd: string): readonly string[] {
  const folder = join(folderOf(machine), "root/boot");
  const packed = readdirSync(folder).find((name) => /^xen-.*\.gz$/.test(name));
  if (packed === undefined) throw new Error(`${folder} has no Xen`);
  const image = `${initrd}.xen`;
  writeFileSync(image, gunzipSync(readFileSync(join(folder, packed))));
  return ["-kernel", image, "-append", "console=com1 com1=115200,8n1 serial_tx_buffer=1M dom0_mem=512M,max:512M loglvl=warning guest_loglvl=warning", "-initrd", `${kernel} ${parameters},${initrd}`]; // prettier-ignore
}

/**
 * What QEMU 7.2 emulates otherwise than a CPU is left out: with SMEP and SMAP a PV kernel ends in a page fault in its first
 * instructions, and MWAIT with a hint is a fault.
 */
export const xen = {
  isa: "x86-64",
  arch: "amd64",
  folder: "xen",
  console: "hvc0",
  qemu: ["qemu-system-x86_64", "-cpu", "EPYC,+svm,-smep,-smap,-monitor"],
  modules: [
    "xen-privcmd",
    "xen-evtchn",
    "xen-gntdev",
    "xen-gntalloc",
    "xenfs",
    "xen-netback",
    "xen-blkback",
    "loop",
  ],
  software,
  setUp,
  boot,
} as const satisfies Machine;
