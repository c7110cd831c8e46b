// Images that were made for urunc run as they are: what their annotations or their /urunc.json say of the file, its arguments and its disk.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { needs } from "../needs.js";
import { containers, newId, type Json } from "./bundle.js";

const skip = needs.root();
const { bundle, create, oci, ...rest } = containers();
after(() => rest[Symbol.dispose]());

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const named = (words: Readonly<Record<string, string>>, write = (text: string) => text): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(words).map(([name, value]) => [`com.urunc.unikernel.${name}`, write(value)])); // prettier-ignore
/** As its tools write it. */
const file = (words: Readonly<Record<string, string>>) => ({
  "urunc.json": JSON.stringify(named(words, base64)),
});

/** A bundle whose unikernel is at `path`. */
function image(unikernel: string, path: string, config: Json, files: Readonly<Record<string, Uint8Array | string>> = {}): string {
  const made = bundle(unikernel, config, files);
  const to = join(made, "rootfs", path);
  mkdirSync(dirname(to), { recursive: true });
  renameSync(join(made, "rootfs/unikernel.spt"), to);
  return made;
} // prettier-ignore

const process = (...args: readonly string[]): Json => ({ process: { args } });
const words = { unikernelType: "mirage", hypervisor: "spt", binary: "/unikernel/app" };

for (const [name, args, config, files, says] of [
  ["a file, whose arguments are all that the container has", ["one", "two"], {}, file(words), "one two"],
  ["a file that is named as the program, too", ["/unikernel/app", "one"], {}, file(words), "one"],
  ["arguments of the image, where the container has none", ["/unikernel/app"], {}, file({ ...words, cmdline: "a  b\n" }), "a b"],
  ["arguments of the image, where it has some", ["x"], {}, file({ ...words, cmdline: "a b" }), "x"],
  ["annotations, in base64", ["x"], { annotations: named(words, base64) }, {}, "x"],
  ["annotations, as people write them", ["x"], { annotations: named(words) }, {}, "x"],
  ["annotations before the file", ["x"], { annotations: named(words) }, file({ binary: "/other" }), "x"],
  ["a path without a slash before it", ["x"], { annotations: named({ binary: "unikernel/app" }) }, {}, "x"],
] as const satisfies readonly (readonly [string, readonly string[], Json, Readonly<Record<string, string>>, string])[])
  test(name, { skip }, async () => {
    const made = image("test_hello.spt", "unikernel/app", { ...process(...args), ...config }, files);
    const { stdout, stderr } = await oci("run", "--bundle", made, newId());
    assert.equal(stderr, "");
    assert.match(stdout, new RegExp(`Command line is: '${says}'\nSUCCESS`));
  }); // prettier-ignore

test("a disk", { skip }, async () => {
  const disk = { "data/disk": new Uint8Array(0x10000) };
  const made = image("test_blk.spt", "app", process("/app"), { ...disk, ...file({ binary: "/app", block: "/data/disk" }) });
  assert.match((await oci("run", "--bundle", made, newId())).stdout, /SUCCESS/);
  // An annotation of ours is nearer.
  const other = { ...process("/app"), annotations: { "org.solo5.block.storage": "/none" } };
  const refused = image("test_blk.spt", "app", other, { ...disk, ...file({ block: "/data/disk" }) });
  assert.match((await create(newId(), refused)).stderr, /device 'storage' of type BLOCK_BASIC has no disk: \/none: /);
}); // prettier-ignore

test("what is not so is told in one line", { skip }, async () => {
  const hello = (config: Json, files = {}) => image("test_hello.spt", "app", { ...process("/app"), ...config }, files);
  const fifo = hello({});
  execFileSync("mkfifo", [join(fifo, "rootfs/urunc.json")]);
  for (const [made, reason] of [
    [hello({ annotations: named({ hypervisor: "qemu" }) }), "config.json: annotations: com.urunc.unikernel.hypervisor: qemu does not run /app, a unikernel of spt"],
    [hello({}, file({ block: "/disk" })), "config.json: /urunc.json: com.urunc.unikernel.block: /app declares no device of type BLOCK_BASIC"],
    [hello({}, file({ binary: "/../../none" })), "config.json: process.args: /none: No such file or directory"],
    [hello({}, { "urunc.json": "[1]" }), "/urunc.json: must be an object of strings"],
    [hello({}, { "urunc.json": "{" }), /^\/urunc\.json: [^\n]*JSON[^\n]*$/],
    [fifo, "/urunc.json: not an ordinary file"],
  ] as const) {
    const { status, stderr } = await create(newId(), made);
    const line = stderr.slice("solo5-oci: ".length, -1);
    if (typeof reason === "string") assert.equal(line, reason);
    else assert.match(line, reason);
    assert.equal(status, 1);
  }
}); // prettier-ignore
