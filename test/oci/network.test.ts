// A container's interface is its unikernel's: the kernel's TCP at the other end of a veth, with all its offloads, sends in bulk both ways;
// a second unikernel has no share in it; and what is taken is given back.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createNamespace, type Namespace } from "../namespace.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";
import { build, needsRunners, workFolder } from "../typescript/build.js";
import { until } from "../until.js";
import { containers, newId, type Json } from "./bundle.js";
import { buildWaiting } from "./programs.js";

const skip = needsAll(needs.root(), needs.program("ip", "tc", "ping"));
const { bundle, create, oci, state, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { nic } = await buildWaiting("network");
const web = join(projectRoot, "dist/guest/demo/web.spt");
const client = join(projectRoot, "dist/test/web/client.js");

/** A namespace as CNI leaves it: one end of a veth with an address and a route; the other end is in `far`. */
function pod(far: Namespace, n: number, mtu = 1500): Namespace {
  const near = createNamespace();
  far.ip(
    "link",
    "add",
    `far${n}`,
    "mtu",
    `${mtu}`,
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    near.name,
  );
  far.ip("address", "add", `10.9.${n}.1/24`, "dev", `far${n}`);
  far.ip("link", "set", `far${n}`, "up");
  near.ip("link", "set", "eth0", "mtu", `${mtu}`);
  near.ip("address", "add", `10.9.${n}.2/24`, "dev", "eth0");
  near.ip("link", "set", "eth0", "up");
  near.ip("route", "add", "default", "via", `10.9.${n}.1`);
  return near;
}

const within = ({ name }: Namespace, more: Json = {}): Json => ({
  linux: { namespaces: [{ type: "network", path: `/run/netns/${name}` }, { type: "mount" }] },
  ...more,
});

/** Frames that were longer than the MTU allows, or whose sums were not right, as the kernel at the far end counts them. */
async function badFrames(far: Namespace): Promise<number> {
  const { stdout } = await far.execute("cat", ["/proc/net/snmp"]);
  const rows = stdout.split("\n").map((line) => line.split(" "));
  const counter = (kind: string, name: string): number => {
    const [names = [], values = []] = rows.filter(([first]) => first === kind);
    return Number(values[names.indexOf(name)] ?? NaN);
  };
  return counter("Tcp:", "InErrs") + counter("Tcp:", "InCsumErrors") + counter("Ip:", "InHdrErrors");
}

for (const mtu of [1500, 1300])
  test(`bulk TCP both ways behind a veth of MTU ${mtu}: no bad frame`, { skip }, async () => {
    using far = createNamespace();
    using near = pod(far, 1, mtu);
    const id = newId();
    assert.equal((await create(id, bundle(web, within(near)))).stderr, "");
    const tap = execFileSync("ip", ["-n", near.name, "-br", "link"], { encoding: "utf8" });
    assert.match(tap, /^solo5\.\d+ .*UP,LOWER_UP/m);
    await oci("start", id);
    // The unikernel's own count of what it was sent is the demo's: a sum that is wrong, or a frame too long, loses the segment.
    const { stdout, stderr, status } = await far.execute(process.execPath, [client, "10.9.1.2", "4"]);
    assert.deepEqual([status, stdout, stderr], [0, "as it must be\n", ""]);
    assert.equal(await badFrames(far), 0);
    const dropped = execFileSync("ip", ["-n", near.name, "-s", "link", "show", "eth0"], { encoding: "utf8" });
    assert.match(dropped, new RegExp(`mtu ${mtu} `));
    assert.equal((await oci("delete", "--force", id)).status, 0);
    // What was taken is given back: the namespace's own kernel answers.
    assert.equal((await far.execute("ping", ["-c", "1", "-W", "5", "10.9.1.2"])).status, 0);
    const left = execFileSync("ip", ["-n", near.name, "-br", "link"], { encoding: "utf8" });
    assert.doesNotMatch(left, /solo5/);
    assert.equal(
      execFileSync("tc", ["-n", near.name, "qdisc", "show", "dev", "eth0", "ingress"], { encoding: "utf8" }),
      "",
    );
  });

test("an interface is one unikernel's; another needs its own, and may name it", { skip }, async () => {
  using far = createNamespace();
  using near = pod(far, 2);
  const [first, second] = [newId(), newId()];
  assert.equal((await create(first, bundle(web, within(near)))).stderr, "");
  const refused = await create(newId(), bundle(nic, within(near)));
  assert.match(refused.stderr, /^solo5-oci: config\.json: process\.args: device 'service0' of type NET_BASIC: each interface of the network namespace belongs to another device or unikernel: .*\n$/); // prettier-ignore
  near.ip("link", "add", "mac0", "link", "eth0", "type", "macvlan", "mode", "bridge");
  near.ip("address", "add", "10.9.2.3/24", "dev", "mac0");
  near.ip("link", "set", "mac0", "up");
  const made = bundle(nic, within(near, { annotations: { "org.solo5.net.service0": "mac0" } }));
  assert.equal((await create(second, made)).stderr, "");
  for (const name of ["eth0", "none", "solo5.2"]) {
    const other = within(near, { annotations: { "org.solo5.net.service0": name } });
    assert.match(
      (await create(newId(), bundle(nic, other))).stderr,
      /: (there is no interface \S+ in|the interface eth0 belongs to)/,
    );
  }
  for (const id of [first, second]) assert.equal((await oci("delete", "--force", id)).status, 0);
});

test("a unikernel that was killed leaves its interface to the next", { skip }, async () => {
  using far = createNamespace();
  using near = pod(far, 3);
  const id = newId();
  await create(id, bundle(nic, within(near)));
  process.kill((await state(id)).pid, "SIGKILL");
  const next = newId();
  assert.equal((await create(next, bundle(web, within(near)))).stderr, "");
  // Its end is not the next one's.
  assert.equal((await oci("delete", id)).status, 0);
  await oci("start", next);
  assert.equal((await far.execute("ping", ["-c", "1", "-W", "5", "10.9.3.2"])).status, 0);
  await oci("delete", "--force", next);
});

test("the guest is told its addresses in the words of a template", { skip }, async () => {
  using far = createNamespace();
  using near = pod(far, 4);
  near.ip("address", "add", "fd00::2/64", "dev", "eth0", "nodad");
  const mac = /link\/ether (\S+)/.exec(
    execFileSync("ip", ["-n", near.name, "link", "show", "eth0"], { encoding: "utf8" }),
  )?.[1];
  const outputs: string[] = [];
  for (const [args, annotations] of [
    [["a"], {}],
    [["--ipv4=10.0.0.9/8"], {}],
    [
      [],
      {
        "org.solo5.args":
          "ip={ipv6},{macAddress} mtu={mtu:service0} {gateway6} gw={gateway} {env:NONE} {args}",
      },
    ],
  ] as const) {
    const id = newId();
    const made = bundle(nic, within(near, { annotations, process: { args: ["/unikernel.spt", ...args] } }));
    const running = oci("run", "--bundle", made, id);
    await until("it runs", async () => (await oci("state", id)).stdout.includes("running"));
    await oci("kill", id);
    outputs.push((await running).stdout.trim().split("\n").at(-1) ?? "");
  }
  assert.deepEqual(outputs, [
    "a --ipv4=10.9.4.2/24 --ipv4-gateway=10.9.4.1",
    "--ipv4=10.0.0.9/8",
    `ip=fd00::2/64,${mac} mtu=1500 gw=10.9.4.1`,
  ]);
});

/** Says hello over HTTP, and answers as the kernel's TCP does: who is not on its link by the gateway. */
async function routingServer(): Promise<string> {
  const folder = workFolder();
  const [source, output] = [join(folder, "server.ts"), join(folder, "server.spt")];
  writeFileSync(source, 'import { serve } from "solo5:http";\nserve({ port: 80 }, () => new Response("A server says hello.\\n"));\n');
  const { status, stderr } = await build(source, "--target=spt", "-o", output);
  assert.equal(status, 0, stderr);
  return output;
} // prettier-ignore

for (const [name, kernel, says] of [
  ["who answers whence it was asked", () => Promise.resolve(web), "A unikernel says hello.\n"],
  ["who answers by its gateway", routingServer, "A server says hello.\n"],
] as const)
  test(
    `localhost of the namespace leads to the unikernel: ${name}`,
    { skip: needsAll(skip, needsRunners, needs.program("curl", "nft")) },
    async () => {
      using far = createNamespace();
      using near = pod(far, 5);
      near.ip("link", "set", "lo", "up");
      const id = newId();
      assert.equal((await create(id, bundle(await kernel(), within(near)))).stderr, "");
      await oci("start", id);
      // As containerd forwards a port: a process of the namespace connects there.
      for (const host of ["localhost", "127.0.0.1", "10.9.5.2"]) {
        const args = [
          "-4",
          "-sS",
          "--retry-connrefused",
          "--retry",
          "9",
          "--max-time",
          "20",
          `http://${host}/`,
        ];
        assert.deepEqual(await near.execute("curl", args), { status: 0, stdout: says, stderr: "" }, host);
      }
      assert.equal((await far.execute("curl", ["-sS", "--max-time", "20", "http://10.9.5.2/"])).stdout, says);
      assert.equal((await oci("delete", "--force", id)).status, 0);
      assert.equal((await near.execute("nft", ["list", "ruleset"])).stdout, "");
      assert.match((await near.execute("curl", ["-sS", "http://127.0.0.1/"])).stderr, /Failed to connect/);
      assert.equal((await far.execute("ping", ["-c", "1", "-W", "5", "10.9.5.2"])).status, 0);
    },
  );
