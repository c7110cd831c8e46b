// Who is root in a user namespace alone, as podman without root is: another place for the state, no cgroup to be made, no way back out of
// a container's network.
import assert from "node:assert/strict";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { commandFile, execute } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";
import { containers, newId } from "./bundle.js";
import { buildWaiting } from "./programs.js";

const skip = needsAll(needs.root(), needs.program("setpriv", "unshare", "chown"));
const { bundle, folder, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { nic } = await buildWaiting("rootless");
const nobody = 65_534;

/** The runtime where anybody may read it; the project may lie where nobody may look. */
function installed(): string {
  const bin = join(folder, "bin");
  mkdirSync(join(bin, "node_modules"), { recursive: true });
  for (const name of ["solo5-oci.sh", "solo5-oci.cjs"])
    cpSync(join(dirname(commandFile("solo5-oci")), name), join(bin, name));
  for (const name of ["koffi", "@koromix"]) {
    const from = join(projectRoot, "node_modules", name);
    if (existsSync(from)) cpSync(from, join(bin, "node_modules", name), { recursive: true });
  }
  chmodSync(folder, 0o755);
  return join(bin, "solo5-oci.sh");
}

test("a container of a user who is no root", { skip }, async () => {
  const runtime = installed();
  const runFolder = join(folder, "run");
  mkdirSync(runFolder);
  const sysctl = { "net.ipv4.ping_group_range": "0 0" };
  const hello = bundle("test_hello.spt", { linux: { sysctl } });
  const network = bundle(nic);
  const limited = bundle("test_hello.spt", { linux: { resources: { pids: { limit: 5 } } } });
  await execute("chown", ["-R", `${nobody}:${nobody}`, runFolder, hello, network, limited]);
  const options = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "unshare", "--map-root-user", "--", runtime];
  const oci = (...args: readonly string[]) =>
    execute("setpriv", [...options, ...args], { env: { PATH: process.env["PATH"], XDG_RUNTIME_DIR: runFolder } });
  const { status, stdout, stderr } = await oci("run", "--bundle", hello, newId());
  assert.equal(stderr, "");
  assert.match(stdout, /SUCCESS/);
  assert.equal(status, 0);
  assert.deepEqual(readdirSync(join(runFolder, "solo5-oci")), []);
  // The container's network is not the host's, although the runtime cannot leave it again.
  assert.match((await oci("run", "--bundle", network, newId())).stderr, /the network namespace has no interface\n$/);
  const refused = await oci("run", "--bundle", limited, newId());
  assert.match(refused.stderr, /^solo5-oci: config\.json: linux\.\w+: .*Permission denied\n$/);
}); // prettier-ignore
