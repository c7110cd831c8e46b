// Images as `solo5 image build` makes them: by tar and sha256sum what the image specification says, byte for byte the same again.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { selfTest, solo5 } from "../command.js";
import { needs } from "../needs.js";

const skip = needs.program("tar", "sha256sum");
const folder = mkdtempSync(join(tmpdir(), "solo5-image-"));
after(() => rmSync(folder, { recursive: true }));
const build = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  solo5("solo5", ["image", "build", ...args], { env: { ...process.env, ...env } });

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  readonly platform?: { readonly architecture: string; readonly os: string };
}
const disk = join(folder, "disk");
writeFileSync(disk, Buffer.alloc(70_000, "disk"));

/** A blob of a layout, which is what its name says. */
function blob(layout: string, { digest, size }: Descriptor): Buffer {
  const path = join(layout, "blobs/sha256", digest.replace("sha256:", ""));
  const sum = execFileSync("sha256sum", [path], { encoding: "latin1" }).split(" ")[0];
  assert.equal(`sha256:${sum}`, digest);
  const data = readFileSync(path);
  assert.equal(data.length, size);
  return data;
}

const parse = <T>(data: Buffer): T => JSON.parse(data.toString()) as T;

test("a layout: an index, a manifest, a configuration, a layer for the unikernel and one for each disk", { skip }, async () => {
  const layout = join(folder, "layout");
  const made = await build([selfTest("test_blk.spt"), `--block:storage=${disk}`, "--label", "a=b=c", "-t", "localhost/x:1", "-o", layout, "--", "one", "two"]);
  assert.deepEqual(made, { status: 0, stdout: "", stderr: "" });
  assert.deepEqual(parse(readFileSync(join(layout, "oci-layout"))), { imageLayoutVersion: "1.0.0" });
  const index = parse<{ manifests: (Descriptor & { annotations: object })[] }>(readFileSync(join(layout, "index.json")));
  const [top] = index.manifests;
  assert.ok(top !== undefined && index.manifests.length === 1);
  assert.deepEqual(top.annotations, { "io.containerd.image.name": "localhost/x:1", "org.opencontainers.image.ref.name": "1" });
  const manifest = parse<{ config: Descriptor; layers: readonly Descriptor[] }>(blob(layout, top));
  assert.equal("annotations" in manifest, false);
  const config = parse<{ config: Record<string, unknown>; rootfs: object; created: string }>(blob(layout, manifest.config));
  assert.deepEqual([config.config["Entrypoint"], config.config["Cmd"], config.created], [["/test_blk.spt"], ["one", "two"], "1970-01-01T00:00:00Z"]);
  const { a } = config.config["Labels"] as { a?: string };
  assert.equal(a, "b=c");
  assert.deepEqual(config.rootfs, { type: "layers", diff_ids: manifest.layers.map(({ digest }) => digest) });
  const rootfs = join(folder, "rootfs");
  mkdirSync(rootfs);
  for (const layer of manifest.layers) {
    blob(layout, layer);
    execFileSync("tar", ["-xf", join(layout, "blobs/sha256", layer.digest.slice(7)), "-C", rootfs]);
  }
  assert.deepEqual(readFileSync(join(rootfs, "test_blk.spt")), readFileSync(selfTest("test_blk.spt")));
  assert.deepEqual(readFileSync(join(rootfs, "dev/storage.img")), readFileSync(disk));
  assert.equal(readdirSync(join(layout, "blobs/sha256")).length, 4);
}); // prettier-ignore

test("the same bytes from the same files, whenever and wherever", { skip }, async () => {
  const archives = [];
  for (const [place, secs] of [["one", 1000], ["two/three", 2_000_000_000]] as const) {
    const at = join(folder, place);
    mkdirSync(at, { recursive: true });
    const kernel = join(at, "test_blk.spt");
    copyFileSync(selfTest("test_blk.spt"), kernel);
    utimesSync(kernel, secs, secs);
    const output = join(at, "image.tar");
    const args = [kernel, `--block:storage=${disk}`, "-o", output];
    assert.equal((await build(args, { SOURCE_DATE_EPOCH: "86400", TZ: `Etc/GMT+${place.length}` })).status, 0);
    archives.push(readFileSync(output));
    assert.match(execFileSync("tar", ["--utc", "-tvf", output], { encoding: "utf8" }), /^-rw-r--r-- 0\/0 +30 1970-01-02 00:00 oci-layout$/m);
  }
  assert.ok(archives[0]?.equals(archives[1] ?? Buffer.of()));
}); // prettier-ignore

test("an image for two platforms is an index of both", { skip }, async () => {
  const layout = join(folder, "both");
  const kernels = [selfTest("test_hello.spt"), selfTest("aarch64/test_hello.spt")];
  assert.equal((await build([...kernels, "-o", layout])).stderr, "");
  const { manifests } = parse<{ manifests: readonly Descriptor[] }>(readFileSync(join(layout, "index.json")));
  assert.equal(manifests[0]?.mediaType, "application/vnd.oci.image.index.v1+json");
  const index = parse<{ manifests: readonly Descriptor[] }>(blob(layout, manifests[0]));
  assert.deepEqual(
    index.manifests.map(({ platform }) => platform),
    [
      { architecture: "amd64", os: "linux" },
      { architecture: "arm64", os: "linux" },
    ],
  );
  for (const manifest of index.manifests) blob(layout, manifest);
});

test("what cannot be an image is one line, and changes nothing", { skip }, async () => {
  const full = join(folder, "full");
  mkdirSync(full);
  writeFileSync(join(full, "file"), "");
  const hello = selfTest("test_hello.spt");
  for (const [args, reason] of [
    [
      [hello, "-o", full],
      /^solo5: .*full: it is there, and no image's layout: name another folder, or a \.tar\n/,
    ],
    [[hello, hello, "-o", "x.tar"], /an image has one unikernel for x86-64\n/],
    [[hello, "--block:no=/dev/null", "-o", "x.tar"], /the unikernel declares no disk 'no'\n/],
    [[selfTest("test_hello.virtio"), "-o", "x.tar"], /containers run spt and hvt, not virtio\n/],
    [[hello, "-o", join(folder, "none/x.tar")], /^solo5: [^\n]*No such file or directory\n/],
    [[hello], /-o FILE is missing\n/],
    [[hello, "-t", "a b", "-o", "x.tar"], /'a b' is no name of an image\n/],
    [[hello, "--label", "x", "-o", "x.tar"], /--label is NAME=VALUE\n/],
  ] as const) {
    const { status, stderr } = await build(args);
    assert.equal(status, 1, args.join(" "));
    assert.match(stderr, reason);
  }
  assert.deepEqual(readdirSync(full), ["file"]);
});
