// The package where nothing of Linux is: the kernel's own file systems are covered, native add-ons are refused by Node itself, and the
// platform is said to be another. The witness is what the same unikernels do on Linux.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { attach, open, seal } from "../src/index.js";
import { commandFile, execute, selfTest, type Outcome } from "./command.js";
import { needs, needsAll } from "./needs.js";
import { projectRoot } from "./project.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-hosts-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needsAll(needs.x8664Linux(), needs.namespaces(), needs.program("unshare", "mount"));

/** Nothing can be read there any more. */
const covered = ["/proc", "/sys"].map((path) => `mount -t tmpfs none ${path}`).join(" && ");

/** Runs a module in Node without Linux. */
function elsewhere(platform: string, args: readonly string[]): Promise<Outcome> {
  const said = `Object.defineProperty(process, "platform", { value: ${JSON.stringify(platform)} })`;
  const node = [
    process.execPath,
    "--no-addons",
    "--import",
    `data:text/javascript,${encodeURIComponent(said)}`,
  ];
  const script = `${covered} && exec "$@"`;
  return execute("unshare", ["--map-root-user", "--mount", "bash", "-c", script, "bash", ...node, ...args]);
}

const solo5 = (platform: string, args: readonly string[]): Promise<Outcome> =>
  elsewhere(platform, [commandFile("solo5"), ...args]);

for (const platform of ["darwin", "win32"]) {
  test(`the interface on ${platform}`, { skip }, async () => {
    const { stdout, stderr } = await elsewhere(platform, [
      join(projectRoot, "dist/test/other-host-child.js"),
      folder,
    ]);
    assert.equal(stderr, "");
    const sealed = seal(attach(open(selfTest("test_hello.spt")), { memMiB: 16, isSealed: true }));
    const needsLinux = `taps and descriptors need Linux, and this is ${platform}; user and segments do not: see --help`;
    assert.deepEqual(JSON.parse(stdout), {
      platform,
      spt: "wasm 0 true",
      hvt: "wasm 0 true",
      virtio: "wasm 0 true",
      network: true,
      disk: 0,
      sealed: createHash("sha256").update(sealed).digest("hex"),
      tap: `Could not attach interface: tap0: ${needsLinux}`,
      native: `${selfTest("test_hello.spt")}: cannot run here: engine native: spt runs natively on Linux, and this is ${platform}`,
      kvm: `${selfTest("test_hello.hvt")}: cannot run here: engine kvm: KVM is Linux's, and this is ${platform}`,
    });
  });

  test(`the commands on ${platform}`, { skip }, async () => {
    const log = join(folder, platform);
    const kernel = selfTest("test_globals.hvt");
    const recorded = await solo5(platform, ["run", "--mem=16", `--record=${log}`, kernel]);
    assert.equal(recorded.status, 0, recorded.stderr);
    const replayed = await solo5(platform, ["replay", log]);
    assert.deepEqual([replayed.status, replayed.stdout], [0, recorded.stdout]);
    const spt = await elsewhere(platform, [
      commandFile("solo5-spt"),
      "--mem=16",
      selfTest("test_globals.spt"),
    ]);
    assert.deepEqual([spt.status, spt.stderr], [0, ""]);
    const sealed = join(folder, `${platform}-sealed`);
    const seal = await solo5(platform, ["seal", "--mem=16", selfTest("test_globals.spt"), "-o", sealed]);
    assert.deepEqual([seal.status, seal.stderr], [0, ""]);
    assert.equal((await execute(sealed)).status, 0);
  });
}
