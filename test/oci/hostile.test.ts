// Images whose makers mean no good: what they name is of the rootfs or nothing, and whatever they hold, create ends with one line.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { needs } from "../needs.js";
import { containers, newId, type Json } from "./bundle.js";
import { buildWaiting } from "./programs.js";

const skip = needs.root();
const { bundle, create, folder, oci, root, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { wait, nic, nics } = await buildWaiting("hostile");

/** The one line that `create` ends with. */
async function refusal(made: string): Promise<string> {
  const { status, stderr } = await create(newId(), made);
  assert.equal(status, 1);
  assert.match(stderr, /^solo5-oci: [^\n]+\n$/);
  assert.deepEqual(existsSync(root) ? readdirSync(root) : [], []);
  return stderr.slice("solo5-oci: ".length, -1);
}

test("links that point out of the rootfs lead to somewhere in it", { skip }, async () => {
  const secret = join(folder, "secret");
  writeFileSync(secret, readFileSync(wait));
  const made = bundle(wait);
  const unikernel = join(made, "rootfs/unikernel.spt");
  for (const target of [secret, `../../../../../../../../..${secret}`, "/proc/self/exe"]) {
    rmSync(unikernel);
    symlinkSync(target, unikernel);
    assert.equal(await refusal(made), "config.json: process.args: /unikernel.spt: No such file or directory");
  }
  const disks = bundle("test_blk.spt");
  mkdirSync(join(disks, "rootfs/dev"));
  writeFileSync(secret, new Uint8Array(0x10000));
  symlinkSync(secret, join(disks, "rootfs/dev/storage"));
  assert.match(
    await refusal(disks),
    /^config\.json: process\.args: device 'storage' of type BLOCK_BASIC has no disk: /,
  );
});

test("links inside are followed as the container would", { skip }, async () => {
  const made = bundle("test_hello.spt");
  symlinkSync("/unikernel.spt", join(made, "rootfs/link"));
  writeFileSync(
    join(made, "config.json"),
    readFileSync(join(made, "config.json"), "utf8").replace("/unikernel.spt", "/link"),
  );
  assert.equal((await oci("run", "--bundle", made, newId())).status, 0);
});

test("a unikernel that is no ordinary file is not waited for", { skip }, async () => {
  const made = bundle(wait);
  const unikernel = join(made, "rootfs/unikernel.spt");
  rmSync(unikernel);
  execFileSync("mkfifo", [unikernel]);
  assert.equal(await refusal(made), "config.json: process.args: /unikernel.spt: not an ordinary file");
  rmSync(unikernel);
  mkdirSync(unikernel);
  assert.match(await refusal(made), /^config\.json: process\.args: \/unikernel\.spt: not an ordinary file$/);
  rmSync(unikernel, { recursive: true });
  writeFileSync(unikernel, "");
  truncateSync(unikernel, 2 ** 40);
  assert.equal(await refusal(made), "config.json: process.args: /unikernel.spt: too large for a unikernel");
  const disk = bundle("test_blk.spt");
  mkdirSync(join(disk, "rootfs/dev"));
  execFileSync("mkfifo", [join(disk, "rootfs/dev/storage")]);
  assert.match(await refusal(disk), /\/dev\/storage: neither an ordinary file nor a block device$/);
});

test("a manifest that asks for 63 networks gets one line", { skip }, async () => {
  assert.match(
    await refusal(bundle(nics)),
    /device 'service0' of type NET_BASIC: the network namespace has no interface$/,
  );
});

test("no interface is the host's, whatever an image or its annotations ask for", { skip }, async () => {
  const host: Json = { linux: { namespaces: [{ type: "uts" }] } };
  assert.match(
    await refusal(bundle(nic, host)),
    /the network is the host's: name one in org\.solo5\.net\.service0, which must be a tap$/,
  );
  const wished = { ...host, annotations: { "org.solo5.net.service0": "lo" } };
  assert.match(
    await refusal(bundle(nic, wished)),
    /the network is the host's, and lo is no tap that is free$/,
  );
});

test("annotations that are misspelt are no silent default", { skip }, async () => {
  for (const [key, reason] of [
    ["org.solo5.memory", /is not known: mem, args, block\.NAME/],
    ["org.solo5.net.service1", /the unikernel declares no device 'service1' of type NET_BASIC$/],
    ["org.solo5.block.service0", /the unikernel declares no device 'service0' of type BLOCK_BASIC$/],
  ] as const)
    assert.match(await refusal(bundle(nic, { annotations: { [key]: "x" } })), reason);
  assert.match(await refusal(bundle(nic, { annotations: { "org.solo5.mem": "0" } })), /a number of MiB$/);
});

test("an image that lies about its platform, and a unikernel that is damaged", { skip }, async () => {
  const made = bundle(wait);
  const unikernel = join(made, "rootfs/unikernel.spt");
  const whole = readFileSync(unikernel);
  const other = Buffer.from(whole);
  // e_machine: EM_AARCH64, or EM_X86_64 where that is the host's.
  other.writeUInt16LE(process.arch === "x64" ? 183 : 62, 18);
  writeFileSync(unikernel, other);
  assert.match(
    await refusal(made),
    /^config\.json: process\.args: \/unikernel\.spt: the unikernel is for \S+, this host is \S+$/,
  );
  for (let size = 0; size < whole.length; size += 997) {
    writeFileSync(unikernel, whole.subarray(0, size));
    await refusal(made);
    if (size > 8000) break;
  }
});

test("a guest that asks for more memory than there may be", { skip }, async () => {
  const small = { linux: { resources: { memory: { limit: 1 << 20 } } } };
  assert.match(await refusal(bundle(wait, small)), /guest memory of 1048576 bytes is too small/);
});

test("a state that is damaged hides no other container, and can be deleted", { skip }, async () => {
  const [damaged, other] = [newId(), newId()];
  for (const id of [damaged, other]) assert.equal((await create(id, bundle(wait))).status, 0);
  const { pid } = JSON.parse((await oci("state", damaged)).stdout) as { pid: number };
  const file = join(root, damaged, "state.json");
  writeFileSync(file, "");
  const { status, stderr } = await oci("kill", damaged);
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`^solo5-oci: container '${damaged}': ${file}: [^\\n]*JSON[^\\n]*\\n$`));
  assert.equal((await oci("list", "-q")).stdout, `${other}\n`);
  assert.equal((await oci("delete", "--force", damaged)).status, 0);
  assert.ok(!existsSync(join(root, damaged)));
  assert.ok(!existsSync(`/proc/${pid}/root`) || readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z "));
  assert.equal((await oci("delete", "--force", other)).status, 0);
});

test("no path of a cgroup leads out of the hierarchies", { skip }, async () => {
  for (const [cgroupsPath, inside] of [
    [`/../../../solo5-${newId()}`, (path: string) => path.slice("/../../..".length)],
    [`x/../../../solo5-${newId()}`, (path: string) => path.slice("x/../../..".length)],
  ] as const) {
    const id = newId();
    const made = await create(id, bundle(wait, { linux: { cgroupsPath } }));
    assert.equal(made.stderr, "");
    const { pid } = JSON.parse((await oci("state", id)).stdout) as { pid: number };
    const cgroups = readFileSync(`/proc/${pid}/cgroup`, "latin1").trim().split("\n");
    for (const line of cgroups) assert.ok(line.endsWith(inside(cgroupsPath)), line);
    assert.equal((await oci("delete", "--force", id)).status, 0);
  }
});

test("mappings of ids that overlap are told in the kernel's words", { skip }, async () => {
  const overlapping = [0, 5].map((containerID) => ({ containerID, hostID: 100_000 + 1000 * containerID, size: 10 }));
  const linux = { namespaces: [{ type: "user" }], uidMappings: overlapping, gidMappings: overlapping };
  assert.equal(await refusal(bundle(wait, { linux })), "config.json: linux.gidMappings: Invalid argument");
}); // prettier-ignore
