// solo5 net on Linux, in network namespaces. Witnesses: ip(8) and nft(8), which are asked what is there and do by hand what the command
// does by itself; ping(8), through a tap to a unikernel and through a masquerading host.
import assert from "node:assert/strict";
import { test } from "node:test";
import { commandFile, selfTest, type Outcome } from "./command.js";
import { createNamespace, type Namespace } from "./namespace.js";
import { needs, needsAll } from "./needs.js";

const skip = needsAll(needs.x8664Linux(), needs.root(), needs.program("ip", "ping", "setpriv"));
const skipNft = needsAll(skip, needs.program("nft"));

const net = (host: Namespace, ...args: readonly string[]): Promise<Outcome> =>
  host.execute(process.execPath, [commandFile("solo5"), "net", ...args]);

async function done(host: Namespace, ...args: readonly string[]): Promise<string> {
  const outcome = await net(host, ...args, "--do");
  assert.equal(outcome.stderr, "");
  assert.equal(outcome.status, 0);
  return outcome.stdout;
}

/** It must fail with one line that has all of it, and leave the namespace as it was. */
async function refused(host: Namespace, says: RegExp, ...args: readonly string[]): Promise<void> {
  const before = await state(host);
  const outcome = await net(host, ...args);
  assert.equal(outcome.status, 1, outcome.stdout);
  assert.match(outcome.stderr.split("\n")[0] ?? "", says);
  assert.doesNotMatch(outcome.stderr, /\n\s+at /);
  assert.deepEqual(await state(host), before);
}

/** All interfaces as ip tells them, without what is random or counts. */
async function state(host: Namespace): Promise<readonly unknown[]> {
  const { stdout } = await host.execute("ip", ["-j", "-d", "address"]);
  const random = new Set(["address", "ifindex", "link_index", "valid_life_time", "preferred_life_time", "bridge_id", "root_id", "designated_root", "id", "no", "port_id", "port_no", "designated_bridge", "gc_timer", "hello_timer", "tcn_timer", "topology_change_timer", "operstate", "flags", "state", "hold_timer", "forward_delay_timer", "message_age_timer", "tentative"]); // prettier-ignore
  return JSON.parse(stdout, (key: string, value: unknown) => {
    if (random.has(key)) return undefined;
    // What the kernel gives by itself depends on the hardware address.
    if (key === "addr_info") return (value as { scope: string }[]).filter(({ scope }) => scope !== "link");
    return value;
  }) as readonly unknown[];
}

const rules = async (host: Namespace): Promise<string> =>
  (await host.execute("nft", ["-s", "list", "ruleset"])).stdout;

test("a tap: owner, addresses, description; again is nothing; and away", { skip }, async () => {
  using host = createNamespace();
  const add = ["add", "tap0", "--address=10.0.0.1/24", "--address=fd00::1/64", "--user=65534", "--mtu=1400"];
  assert.match(await done(host, ...add), /^tap0: ready/);
  const { stdout } = await host.execute("ip", ["-d", "address", "show", "tap0"]);
  assert.match(stdout, /\bUP\b[^]*mtu 1400[^]*tun type tap[^]*user (?:nobody|65534)/);
  assert.match(stdout, /alias solo5 net[^]*inet 10\.0\.0\.1\/24[^]*inet6 fd00::1\/64/);
  // That an IPv6 address is tentative goes with time.
  const addresses = async () =>
    (await host.execute("ip", ["-j", "-d", "address"])).stdout.replaceAll('"tentative":true,', "");
  const before = await addresses();
  await done(host, ...add);
  assert.equal(await addresses(), before);
  await done(host, ...add, "--user=nobody", "--user=0");
  const tuntap = (await host.execute("ip", ["tuntap", "show"])).stdout;
  assert.match(tuntap, /tap0: tap .*\buser 0\b/);
  assert.equal(await done(host, "remove", "tap0"), "tap0: removed\n");
  assert.equal(await done(host, "remove", "tap0"), "tap0: is not there\n");
  assert.doesNotMatch((await host.execute("ip", ["link"])).stdout, /tap0/);
});

test("what is printed does the same as --do", { skip: skipNft }, async () => {
  for (const add of [
    ["add", "tap0", "--address=10.0.0.1/24", "--address=fd00::1/64", "--user=65534", "--mtu=1400", "--nat"],
    ["add", "tap3", "--bridge=br0", "--address=192.0.2.1/25", "--user=7", "--nat"],
  ]) {
    using byHand = createNamespace();
    using byUs = createNamespace();
    const lines = await net(byHand, ...add);
    const typed = await byHand.execute("sh", ["-ec", lines.stdout]);
    assert.equal(typed.stderr, "");
    await done(byUs, ...add);
    assert.deepEqual(await state(byUs), await state(byHand));
    assert.match(await rules(byHand), /masquerade/);
    assert.equal(await rules(byUs), await rules(byHand));
    await done(byUs, ...add);
    assert.equal(await rules(byUs), await rules(byHand));
    const name = add[1] ?? "";
    await done(byUs, "remove", name);
    assert.equal(await rules(byUs), "");
    assert.equal((await byHand.execute("sh", ["-c", (await net(byHand, "remove", name)).stdout])).stderr, "");
    assert.deepEqual(await state(byUs), await state(byHand));
  }
});

test("a unikernel on the tap answers the kernel's pings", { skip }, async () => {
  using host = createNamespace();
  await done(host, "add", "tap0", "--address=10.0.0.1/24");
  const child = host.spawn(process.execPath, [
    commandFile("solo5-spt"),
    "--mem=16",
    "--net:service0=tap0",
    selfTest("test_net.spt"),
  ]);
  try {
    const { stdout } = await host.execute("ping", ["-q", "-c", "20", "-i", "0.01", "-w", "30", "10.0.0.2"]);
    assert.match(stdout, /[1-9]\d* received/);
    await refused(host, /^solo5: tap0: cannot be given to another user: .*busy/, "add", "tap0", "--user=9", "--do"); // prettier-ignore
  } finally {
    child.kill("SIGKILL");
  }
});

test("a bridge keeps its address, whoever joins and leaves", { skip }, async () => {
  using host = createNamespace();
  await done(host, "add", "tap0", "--bridge=br0", "--address=10.0.0.1/24");
  const mac = async (): Promise<string> => {
    const { stdout } = await host.execute("ip", ["-j", "link", "show", "br0"]);
    return (JSON.parse(stdout) as [{ address: string }])[0].address;
  };
  const first = await mac();
  for (const tap of ["tap1", "tap2"]) await done(host, "add", tap, "--bridge=br0");
  assert.match((await host.execute("ip", ["link", "show", "master", "br0"])).stdout, /tap0[^]*tap1[^]*tap2/);
  assert.equal(await mac(), first);
  await done(host, "remove", "tap0");
  assert.equal(await mac(), first);
  await done(host, "remove", "br0");
  assert.doesNotMatch((await host.execute("ip", ["link"])).stdout, /br0/);
});

test("what is behind a bridge reaches others as the host", { skip }, async () => {
  using host = createNamespace();
  using world = createNamespace();
  using guest = createNamespace();
  await done(host, "add", "tap0", "--bridge=br0", "--address=10.0.0.1/24", "--address=fd00::1/64", "--nat");
  const veth = (name: string, peer: string, inside: Namespace): void =>
    host.ip("link", "add", name, "type", "veth", "peer", "name", peer, "netns", inside.name);
  veth("uplink", "eth0", world);
  veth("port", "eth0", guest);
  host.ip("link", "set", "port", "master", "br0", "up");
  host.ip("address", "add", "192.0.2.1/24", "dev", "uplink");
  host.ip("address", "add", "fd01::1/64", "dev", "uplink", "nodad");
  host.ip("link", "set", "uplink", "up");
  for (const [inside, ...addresses] of [
    [world, "192.0.2.2/24", "fd01::2/64"],
    [guest, "10.0.0.2/24", "fd00::2/64"],
  ] as const) {
    inside.ip("link", "set", "eth0", "up");
    for (const address of addresses)
      inside.ip("address", "add", address, "dev", "eth0", ...(address.includes("::") ? ["nodad"] : []));
  }
  guest.ip("route", "add", "default", "via", "10.0.0.1");
  guest.ip("route", "add", "default", "via", "fd00::1");
  // The world knows no way back to the guest's network.
  for (const address of ["192.0.2.2", "fd01::2"]) {
    const { stdout } = await guest.execute("ping", ["-q", "-c", "3", "-i", "0.1", "-w", "30", address]);
    assert.match(stdout, /3 received/, address);
  }
  await done(host, "remove", "tap0");
  const { stdout } = await guest.execute("ping", ["-q", "-c", "1", "-W", "1", "192.0.2.2"]);
  assert.match(stdout, /\b0 received/);
});

test("what it has not made it does not touch", { skip }, async () => {
  using host = createNamespace();
  host.ip("tuntap", "add", "tap0", "mode", "tap");
  host.ip("link", "add", "br0", "type", "bridge");
  host.ip("link", "add", "veth0", "type", "veth", "peer", "name", "veth1");
  for (const name of ["tap0", "br0", "veth0", "lo"]) {
    await refused(host, new RegExp(`^solo5: ${name}: is there, and solo5 net has not made it: `), "add", name, "--do"); // prettier-ignore
    await refused(host, new RegExp(`^solo5: ${name}: is there, and solo5 net has not made it: `), "remove", name, "--do"); // prettier-ignore
  }
  await refused(host, /^solo5: br0: is there, and solo5 net has not made it: /, "add", "tap1", "--bridge=br0", "--do"); // prettier-ignore
  await done(host, "add", "tap2");
  await refused(host, /^solo5: tap2: is a tap: /, "add", "tap3", "--bridge=tap2", "--do");
});

test("what fails on the way leaves nothing behind", { skip }, async () => {
  using host = createNamespace();
  // The last step but one.
  await host.execute("sysctl", ["-w", "net.ipv6.conf.default.disable_ipv6=1"]);
  const why = /^solo5: (?:tap0|br1): cannot have the address: Permission denied: IPv6 is off there$/;
  await refused(host, why, "add", "tap0", "--address=10.0.0.1/24", "--address=fd00::1/64", "--do");
  await refused(host, why, "add", "tap0", "--bridge=br1", "--address=fd00::1/64", "--nat", "--do");
  await refused(host, /^solo5: nosuchuser: no such user/, "add", "tap0", "--user=nosuchuser", "--do");
});

test("what nobody may ask for", { skip }, async () => {
  using host = createNamespace();
  for (const what of ["add", "remove"])
    await refused(host, /^solo5: "\.\.\/tap": not the name of an interface: /, what, "../tap", "--do");
  for (const [option, says] of [
    ["--nat", /--nat hides/],
    ["--bridge=tap0", /its own bridge/],
    ["--for=plan9", /not plan9/],
    ["--for=openbsd", /--do works here/],
  ] as const)
    await refused(host, says, "add", "tap0", option, "--do");
  await refused(host, /--nat is for add/, "remove", "tap0", "--nat");
  await refused(host, /`add TAP` or `remove NAME`/, "make", "tap0");
});

test("who may not is told what it takes", { skip }, async () => {
  using host = createNamespace();
  const command = `${process.execPath} ${commandFile("solo5")} net add tap0 --bridge=br0 --do`;
  const outcome = await host.execute("setpriv", ["--bounding-set=-net_admin", ...command.split(" ")]);
  assert.equal(outcome.stderr, "solo5: br0: cannot be made: Operation not permitted: this needs root, or CAP_NET_ADMIN\n"); // prettier-ignore
  assert.equal(outcome.status, 1);
});
