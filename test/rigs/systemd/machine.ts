// A machine as users have it: systemd is its first process, cgroups are of version 2 alone, a user has a systemd too. Its root is a disk
// that `prepare` makes of Debian's packages, which nothing here changes: what is written goes with the machine.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostIsa } from "../../../src/host/any/host-isa.js";
import { ociFile, runnersOutput } from "../../../src/typescript/runners.js";
import type { Entry } from "../cpio.js";
import type { Machine } from "../machines.js";
import { rigsFolder } from "../software.js";

/** Where the runtime is: its program without Node, as `solo5-oci install` puts it on a node. */
export const runtime = "/opt/solo5/solo5-oci";
export const user = { name: "user", uid: 1000 } as const;

/** What packages make when they are installed, and the unit that runs the commands. */
const files: Readonly<Record<string, string>> = {
  "etc/passwd": `root:x:0:0::/root:/bin/sh\nmessagebus:x:100:100::/nonexistent:/bin/false\n${user.name}:x:${user.uid}:${user.uid}::/home/${user.name}:/bin/sh\n`,
  "etc/group": `root:x:0:\nmessagebus:x:100:\n${user.name}:x:${user.uid}:\n`,
  "etc/subuid": `${user.name}:100000:65536\n`,
  "etc/subgid": `${user.name}:100000:65536\n`,
  "etc/machine-id": `${"0123456789abcdef".repeat(2)}\n`,
  "etc/systemd/system/user@.service.d/session.conf":
    "[Service]\nPAMName=\nEnvironment=XDG_RUNTIME_DIR=/run/user/%i\n",
  "etc/systemd/system/rig.target":
    "[Unit]\nRequires=rig.service\nWants=dbus.socket systemd-logind.service\nAllowIsolate=yes\n",
  "etc/systemd/system/rig.service": `[Unit]
DefaultDependencies=no
After=dbus.socket systemd-logind.service
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
Delegate=yes
ExecStart=/bin/sh /run.sh
StandardOutput=tty
StandardError=inherit
TTYPath=/dev/ttyS0
Environment=NO_COLOR=1 PATH=/usr/local/bin:/usr/bin:/usr/sbin
`,
};

function* software(): Generator<Entry> {
  for (const [path, content] of Object.entries(files))
    yield { path, content: new TextEncoder().encode(content) };
  const program = ociFile(runnersOutput, hostIsa() ?? "x86-64");
  yield { path: runtime.slice(1), content: readFileSync(program) };
  yield { path: "sysroot" };
}

/** All but what the initramfs has for itself goes to the disk. */
const finish = [
  "mount -t ext4 /dev/vda /sysroot",
  "for name in /*; do case $name in /bin|/dev|/init|/lib|/modules|/proc|/sys|/sysroot|/tmp) ;; *) cp -a $name /sysroot/ ;; esac; done",
  `mkdir -p /sysroot/home/${user.name} && chown ${user.uid}:${user.uid} /sysroot/home/${user.name}`,
  // Whoever made the disk.
  "for name in newuidmap newgidmap; do chown 0:0 /sysroot/usr/bin/$name && chmod u+s /sysroot/usr/bin/$name; done",
  "for name in proc sys dev; do mount --move /$name /sysroot/$name; done",
  "exec switch_root /sysroot /lib/systemd/systemd",
];

const boot = (_machine: Machine, kernel: string, parameters: string, initrd: string): readonly string[] => {
  const disk = join(rigsFolder ?? "", "systemd/disk");
  return ["-kernel", kernel, "-initrd", initrd, "-append", `${parameters} systemd.unit=rig.target systemd.show_status=no`, "-drive", `file=${disk},if=virtio,format=raw,snapshot=on`]; // prettier-ignore
};

export const systemd = {
  isa: "x86-64",
  arch: "amd64",
  folder: "amd64",
  console: "ttyS0",
  qemu: ["qemu-system-x86_64", "-cpu", "EPYC,+svm"],
  modules: [
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "autofs4",
    "overlay",
    "tun",
  ],
  software,
  setUp: ["echo 1 > /proc/sys/vm/overcommit_memory"],
  boot,
  finish,
} as const satisfies Machine;
