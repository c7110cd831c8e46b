// The runtime put into containerd's configuration, and out of it: what containerd itself makes of the file, as a manager and as nobody.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withoutRuntime, withRuntime } from "../../src/oci/install/containerd-config.js";
import { commandFile, execute, solo5 } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { isSmall, runtimeCommand } from "./bundle.js";
import { linuxProgram } from "./linux-program.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-install-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const entry = { handler: "solo5", program: "/opt/solo5/solo5-oci" };
const path = "/etc/containerd/config.toml";

/** containerd's own view of a configuration. */
function dump(text: string): string {
  const file = join(folder, "dumped.toml");
  writeFileSync(file, text);
  const { status, stdout, stderr } = spawnSync("containerd", ["--config", file, "config", "dump"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
} // prettier-ignore

const before = {
  nothing: "",
  others: 'version = 2\nroot = "/data"\n\n[plugins."io.containerd.grpc.v1.cri".containerd]\n  snapshotter = "native"\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"\n  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\n    SystemdCgroup = true\n',
  "no last line": "version = 2",
} as const; // prettier-ignore

const containerd = needs.program("containerd");

test("containerd has the runtime, and all that it had", { skip: containerd }, () => {
  for (const [name, text] of Object.entries(before)) {
    const changed = withRuntime(text, entry, path);
    const dumped = dump(changed);
    const table = dumped.slice(dumped.indexOf("containerd.runtimes.solo5]")).split("[plugins")[1] ?? "";
    assert.match(table, /BinaryName = "\/opt\/solo5\/solo5-oci"/, name);
    assert.ok(dumped.includes("containerd.runtimes.runc]"), name);
    if (name !== "others") continue;
    assert.match(dumped, /^root = "\/data"$/m);
    assert.match(dumped, /snapshotter = "native"/);
    // As the node's other containers.
    assert.equal(dumped.match(/SystemdCgroup = true/g)?.length, 2);
  }
});

test("twice is as once, and out is as before", () => {
  for (const [name, text] of Object.entries(before)) {
    const once = withRuntime(text, entry, path);
    assert.equal(withRuntime(once, entry, path), once, name);
    assert.equal(withoutRuntime(once).trimEnd(), text.trimEnd(), name);
    assert.equal(withoutRuntime(text), text, name);
    // What came behind it stays.
    assert.equal(withoutRuntime(`${once}[more]\n`).replace("[more]\n", "").trimEnd(), text.trimEnd(), name);
    const other = withRuntime(once, { ...entry, program: "/other" }, path);
    assert.equal(other, withRuntime(text, { ...entry, program: "/other" }, path), name);
  }
});

test("a configuration that it cannot be put into", () => {
  const own = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.solo5]\n';
  for (const [text, reason] of [
    [`version = 2\n${own}`, "there is a runtime solo5 that somebody else has put there"],
    ['version = 2\ndisabled_plugins = ["cri"]\n', "CRI is disabled there: take it out of disabled_plugins"],
    ["version = 9\n", "version 9 is not known"],
  ] as const)
    assert.throws(() => withRuntime(text, entry, path), { message: `${path}: ${reason}` });
  assert.match(
    withRuntime("[plugins.cri]\n", entry, path),
    /^\[plugins\."cri"\.containerd\.runtimes\.solo5\]$/m,
  );
  assert.match(
    withRuntime("version = 3\n", entry, path),
    /^\[plugins\."io\.containerd\.cri\.v1\.runtime"\./m,
  );
});

const small = isSmall()
  ? false
  : "needs the runtime as a program: npm run build:runners, and no SOLO5_OCI_PROGRAM";

test("on a node and off it again", { skip: needsAll(needs.root(), needs.program("gcc"), small) }, async () => {
  const host = join(folder, "host");
  mkdirSync(join(host, "etc/containerd"), { recursive: true });
  const config = join(host, path);
  writeFileSync(config, before.others);
  const call = (command: string, ...args: readonly string[]) => solo5("solo5-oci", [command, "--host", host, ...args]);
  const program = join(host, entry.program);
  const what = `${entry.program} is the runtime solo5 of ${path}`;
  assert.deepEqual(await call("install"), { status: 0, stdout: `${what}: systemctl restart containerd\n`, stderr: "" });
  assert.equal(statSync(program).mode & 0o777, 0o755);
  assert.deepEqual(readFileSync(program), readFileSync(runtimeCommand()[0]));
  assert.match(readFileSync(config, "utf8"), /BinaryName = "\/opt\/solo5\/solo5-oci"/);
  // It needs nothing beside it.
  assert.match((await execute(program, ["state", "none"], { env: {} })).stderr, /it does not exist/);
  assert.equal((await call("install")).stdout, `${what} already\n`);
  const failed = await call("install", "--restart", "--handler=other");
  assert.match(failed.stderr, /, but containerd is not started again: systemctl: No such file or directory\n$/);
  assert.doesNotMatch(readFileSync(config, "utf8"), /runtimes\.solo5\]/);
  assert.match((await call("install", "--handler=A_b")).stderr, /^solo5-oci: --handler: 'A_b' is no name/);
  // Its first argument is a file that this one makes.
  mkdirSync(join(host, "usr/bin"), { recursive: true });
  cpSync(linuxProgram(folder), join(host, "usr/bin/systemctl"));
  assert.match((await call("uninstall", "--restart")).stdout, /: containerd is started again\n$/);
  assert.ok(existsSync(join(host, "restart")));
  assert.equal(readFileSync(config, "utf8"), before.others);
  assert.ok(!existsSync(join(host, "opt/solo5")));
  assert.match((await call("uninstall")).stdout, /already$/m);
}); // prettier-ignore

test("Node's alone has nothing to put on a node", async () => {
  const { status, stderr } = await execute(process.execPath, [commandFile("solo5-oci").replace(".sh", ".cjs"), "install", "--host", folder]); // prettier-ignore
  assert.equal(status, 1);
  assert.match(stderr, /^solo5-oci: install needs the package solo5-runners, [^\n]*\n$/);
});
