// What tenders on the BSDs do with their privileges, with the kernel of this host as the witness: a thread gives up those of the whole
// process, and a keeper does what needs them at the end, even of a process that is killed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { accountOf } from "../src/hypervisor/confinement.js";
import { models } from "./model/models.js";
import { newModelSystem } from "./model/system.js";
import { runOnModel } from "./model/harness.js";
import { selfTest } from "./command.js";
import { needs, needsAll } from "./needs.js";
import { projectRoot } from "./project.js";
import { until } from "./until.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needsAll(needs.x8664Linux(), needs.root());

interface Told {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly root: readonly string[];
  readonly regained: boolean;
}

/** Starts the program; gives what it tells of itself. */
async function start(kept: string) {
  const jail = mkdtempSync(join(folder, "jail-"));
  chmodSync(jail, 0o755);
  writeFileSync(join(jail, "only-this"), "");
  const child = spawn(process.execPath, [join(projectRoot, "dist/test/model/confined.js"), jail, kept], {
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  let said = "";
  child.stdout.on("data", (data: Buffer) => (said += data.toString()));
  await until("it has told", () => said.includes("\n"));
  return { child, told: JSON.parse(said) as Told, said: () => said };
}

for (const how of ["asked", "killed"] as const)
  test(`a thread gives up the process's privileges; the keeper works when ${how}`, { skip }, async () => {
    const kept = join(folder, how);
    const { child, told, said } = await start(kept);
    const nobody = accountOf("nobody");
    assert.deepEqual(
      { ...told, pid: 0 },
      {
        uid: nobody.uid,
        gid: nobody.gid,
        groups: [nobody.gid],
        root: ["only-this"],
        regained: false,
        pid: 0,
      },
    );
    assert.equal(existsSync(kept), false);
    const closed = once(child, "close");
    if (how === "asked") child.stdin.write("\n");
    else child.kill("SIGKILL");
    await closed;
    // Who was asked has waited for it.
    if (how === "asked") assert.match(said(), /\ntrue\n$/);
    else await until("the keeper has worked", () => existsSync(kept));
    assert.equal(statSync(kept).uid, 0);
  });

for (const { name, driver, make } of models.filter(({ driver }) => driver.name !== "kvm"))
  test(`${name}: a guest of a process that is no longer root runs, and its machine goes`, async () => {
    const system = newModelSystem(make);
    const outcome = await runOnModel(driver, system, selfTest("test_hello.hvt"), {}, { isConfined: true });
    assert.match(outcome.stdout, /SUCCESS/, outcome.stderr);
    assert.equal(outcome.status, 0);
    assert.equal(system.isRoot(), false);
    assert.match(system.calls.join(), driver.name === "freebsd-vmm" ? /become 65534 in \/var\/empty/ : /become 107 in \/var\/empty/); // prettier-ignore
    system.assertNothingLeft();
  });

test("a user that is not there", () => {
  const passwd = join(folder, "passwd");
  writeFileSync(passwd, "root:*:0:0:root:/root:/bin/sh\n_vmd:*:107:107:VM Daemon:/var/empty:/sbin/nologin\n");
  assert.deepEqual(accountOf("_vmd", passwd), { uid: 107, gid: 107, home: "/var/empty" });
  assert.throws(() => accountOf("nobody", passwd), { code: "VMM", message: /there is no user nobody/ });
});
