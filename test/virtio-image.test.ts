// Disk images of solo5-virtio-mkimage, and other ways to boot a virtio unikernel. Witnesses: SeaBIOS, GRUB, sfdisk,
// fdisk, tar.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { commandFile, execute, selfTest, solo5 } from "./command.js";
import { needs, needsAll } from "./needs.js";
import { newDisk } from "./self-tests.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const qemu = "qemu-system-x86_64";
const skip = needs.program(qemu);
const gibibyte = 1 << 30;

const mkimage = (...args: readonly string[]) => solo5("solo5-virtio-mkimage", args);

/** Boots `image` from an IDE disk, by SeaBIOS. */
async function boot(image: string, ...more: readonly string[]): Promise<string> {
  const options =
    "-cpu Westmere -m 128 -nodefaults -no-reboot -display none -serial stdio -device isa-debug-exit";
  const drive = ["-drive", `file=${image},if=ide,format=raw`];
  return (await execute(qemu, [...options.split(" "), ...drive, ...more])).stdout;
}

/** An image is a gibibyte of nearly nothing. */
function firstBytes(path: string, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  const fd = openSync(path, "r");
  readSync(fd, bytes);
  closeSync(fd);
  return bytes;
}

const dataDisk = (): readonly string[] => [
  "-drive",
  `id=data,file=${newDisk(folder)},if=none,format=raw`,
  "-device",
  "virtio-blk,drive=data",
];

test("a raw image: sparse, and SeaBIOS boots it with its arguments", { skip }, async () => {
  const image = join(folder, "hello.raw");
  const made = await mkimage(image, selfTest("test_hello.virtio"), "Hello_Solo5");
  assert.deepEqual(made, { stdout: "", stderr: "", status: 0 });
  const { size, blocks } = statSync(image);
  assert.equal(size, gibibyte);
  assert.ok(blocks * 512 < 200_000, `${blocks * 512} bytes on disk`);
  assert.match(await boot(image), /Command line is: 'Hello_Solo5'[^]*SUCCESS/);
  // Once more over what is there.
  await mkimage(image, selfTest("test_hello.virtio"), "a,b", "it's  c");
  assert.match(await boot(image), /Command line is: 'a,b it's {2}c'/);
});

test("a data disk beside the boot disk", { skip }, async () => {
  const image = join(folder, "blk.raw");
  await mkimage("-f", "raw", image, selfTest("test_blk.virtio"));
  assert.match(await boot(image, ...dataDisk()), /virtio-block[^]*SUCCESS/);
});

test(
  "an image for Google Compute Engine: tar finds disk.raw, which boots",
  { skip: needsAll(skip, needs.program("tar")) },
  async () => {
    const image = join(folder, "blk.tar.gz");
    await mkimage("-ftar", "--", image, selfTest("test_blk.virtio"));
    const list = execFileSync("tar", ["tvzf", image], { encoding: "utf8" });
    assert.match(list, /^-rw-r--r-- root\/root +1073741824 .* disk\.raw\n$/);
    // The type and magic of the old GNU format, in which sparse files are 'S'.
    const header = execFileSync("gzip", ["-dc", image], { maxBuffer: 1 << 24 }).subarray(0, 512);
    assert.equal(header.toString("latin1", 156, 157), "S");
    assert.equal(header.toString("latin1", 257, 265), "ustar  \0");
    const target = join(folder, "unpacked");
    mkdirSync(target);
    execFileSync("tar", ["xzf", image, "-C", target]);
    const raw = join(target, "disk.raw");
    const { size, blocks } = statSync(raw);
    assert.equal(size, gibibyte);
    assert.ok(blocks * 512 < 200_000, `${blocks * 512} bytes on disk`);
    assert.match(await boot(raw, ...dataDisk()), /SUCCESS/);
  },
);

test(
  "partitioning tools find no fault, and the partition holds the unikernel",
  { skip: needs.program("sfdisk", "fdisk") },
  async () => {
    const image = join(folder, "table.raw");
    await mkimage(image, selfTest("test_hello.virtio"));
    assert.match((await execute("/sbin/sfdisk", ["-V", image])).stdout, /No errors detected/);
    const table = JSON.parse((await execute("/sbin/sfdisk", ["-J", image])).stdout).partitiontable;
    assert.deepEqual(
      [table.label, table.partitions.length, table.partitions[0].type, table.partitions[0].bootable],
      ["dos", 1, "da", true],
    );
    const { start, size } = table.partitions[0];
    assert.equal((start + size) * 512, gibibyte);
    assert.match(
      (await execute("/sbin/fdisk", ["-l", image])).stdout,
      /\* +2048 2097151 2095104 +1023M da Non-FS data/,
    );
    const loaded = readFileSync(selfTest("test_hello.virtio")).subarray(0x1000, 0x5000);
    assert.ok(
      readFileSync(image)
        .subarray(start * 512, start * 512 + 0x4000)
        .equals(loaded),
    );
  },
);

test("identical input gives identical images", async () => {
  for (const format of ["raw", "tar"]) {
    const images = ["a", "b"].map((name) => join(folder, `${name}.${format}`));
    for (const image of images) await mkimage("-f", format, image, selfTest("test_hello.virtio"), "x");
    assert.deepEqual(await execute("cmp", ["-n", `${4 << 20}`, ...images]), {
      stdout: "",
      stderr: "",
      status: 0,
    });
  }
});

test("a unikernel of 10 MB, most of which is read in many pieces", { skip }, async () => {
  // What is appended to the initialised data is loaded with it.
  const kernel = join(folder, "large.virtio");
  writeFileSync(kernel, largeKernel(10 << 20));
  const image = join(folder, "large.raw");
  await mkimage(image, kernel);
  assert.match(await boot(image), /SUCCESS/);
});

/** The hello unikernel with `size` bytes more to load, where the header says .bss to be: those that .bss has are zero. */
function largeKernel(size: number): Uint8Array {
  const hello = readFileSync(selfTest("test_hello.virtio"));
  const at = 0x1020;
  const [loadEnd, bssEnd] = [hello.readUInt32LE(at + 20), hello.readUInt32LE(at + 24)];
  const fileEnd = 0x1000 + loadEnd - 0x100000;
  const bss = Buffer.alloc(bssEnd - loadEnd);
  const large = Buffer.concat([hello.subarray(0, fileEnd), bss, Buffer.alloc(size, 0xa5)]);
  large.writeUInt32LE(bssEnd + size, at + 20);
  large.writeUInt32LE(bssEnd + size, at + 24);
  return large;
}

test("the firmware says what is wrong with a disk that ends early", { skip }, async () => {
  const image = join(folder, "short.raw");
  await mkimage(image, selfTest("test_hello.virtio"));
  const short = join(folder, "cut.raw");
  writeFileSync(short, firstBytes(image, 1 << 20));
  const options = "-cpu Westmere -m 128 -nodefaults -display none -serial stdio";
  const outcome = await execute(qemu, [...options.split(" "), "-drive", `file=${short},if=ide,format=raw`], {
    timeoutMsecs: 3000,
  });
  assert.match(outcome.stdout, /^Boot: the disk cannot be read\r\n$/);
});

test(
  "GRUB boots the unikernel",
  { skip: needsAll(skip, needs.program("grub-mkrescue", "xorriso")) },
  async () => {
    const source = join(folder, "iso");
    mkdirSync(join(source, "boot/grub"), { recursive: true });
    copyFileSync(selfTest("test_hello.virtio"), join(source, "boot/hello.virtio"));
    // GRUB passes on what follows the file, of which the bindings skip the first word.
    const menu =
      "set timeout=0\nmenuentry hello {\n multiboot /boot/hello.virtio placeholder Hello_Solo5\n}\n";
    writeFileSync(join(source, "boot/grub/grub.cfg"), menu);
    const image = join(folder, "grub.iso");
    const made = await execute("grub-mkrescue", ["-d", "/usr/lib/grub/i386-pc", "-o", image, source]);
    assert.equal(made.status, 0, made.stderr);
    const drive = [
      "-drive",
      `id=cd,file=${image},if=none,format=raw,media=cdrom`,
      "-device",
      "ide-cd,drive=cd",
    ];
    const options =
      "-cpu Westmere -m 128 -nodefaults -no-reboot -display none -serial stdio -device isa-debug-exit";
    const { stdout } = await execute(qemu, [...options.split(" "), ...drive]);
    assert.match(stdout, /Command line is: 'Hello_Solo5'[^]*SUCCESS/);
  },
);

test("a stripped unikernel boots as well", { skip: needsAll(skip, needs.program("strip")) }, async () => {
  const kernel = join(folder, "stripped.virtio");
  execFileSync("strip", ["-o", kernel, selfTest("test_tls.virtio")]);
  const options =
    "-cpu Westmere -m 128 -nodefaults -display none -serial stdio -device isa-debug-exit -kernel";
  assert.match((await execute(qemu, [...options.split(" "), kernel])).stdout, /SUCCESS/);
});

test("what cannot be made is said in one line, and nothing stays behind", async () => {
  const place = mkdtempSync(join(folder, "refused-"));
  const image = join(place, "image");
  const refused = async (args: readonly string[], why: RegExp): Promise<void> => {
    const { stdout, stderr, status } = await mkimage(...args);
    assert.deepEqual([stdout, status], ["", 1]);
    assert.match(stderr, why);
    assert.deepEqual(readdirSync(place), []);
  };
  const hello = selfTest("test_hello.virtio");
  await refused(
    [image, selfTest("test_hello.hvt")],
    /^solo5-virtio-mkimage: .*: is for the hvt target, not for virtio\n$/,
  );
  await refused([image, process.execPath], /there is no multiboot header/);
  await refused([image, "/nonexistent"], /\/nonexistent: Could not open: No such file or directory\n$/);
  await refused(
    [image, hello, "a".repeat(9000)],
    /^solo5-virtio-mkimage: error: the arguments are too long \(max=8181 bytes\)\n$/,
  );
  await refused(
    [join(place, "no", "image"), hello],
    /^solo5-virtio-mkimage: error: .*: Could not write: No such file or directory\n$/,
  );
  await refused([place, hello], /Could not write: Is a directory\n$/);
  await refused(["-f", "vmdk", image, hello], /^solo5-virtio-mkimage: error: unknown format: vmdk\nusage: /);
  await refused([image], /^usage: solo5-virtio-mkimage/);
});

test(
  "on a full disk nothing half-written stays, and what was there does",
  { skip: needsAll(needs.root(), needs.program("unshare", "mount")) },
  async () => {
    const place = mkdtempSync(join(folder, "full-"));
    const script = `
    mount -t tmpfs -o size=8k none '${place}' && echo before >'${place}/image'
    for format in raw tar; do "$@" -f $format '${place}/image' '${selfTest("test_hello.virtio")}'; echo $?; done
    ls '${place}'; cat '${place}/image'`;
    const command = [process.execPath, commandFile("solo5-virtio-mkimage")];
    const { stdout, stderr } = await execute("unshare", ["-m", "sh", "-c", script, "sh", ...command]);
    assert.equal(stdout, "1\n1\nimage\nbefore\n", stderr);
    const line = `solo5-virtio-mkimage: error: ${place}/image: Could not write: No space left on device\n`;
    assert.equal(stderr, line.repeat(2));
    assert.ok(!existsSync(join(place, "image")));
  },
);
