// Runs in a namespace of its own with a tap. `gateway`: the stack gives addresses and names, to busybox's udhcpc, the kernel's
// autoconfiguration, and c-ares in Node. `host`: dnsmasq gives them to the stack. Prints a line when all was as it must be.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { promises as dns } from "node:dns";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createDhcpClient,
  createDhcpServer,
  createDnsClient,
  createDnsForwarder,
  formatAddress,
  nameBytes,
  parseAddress,
  parsePrefix,
  recordType,
  responseCode,
  type DhcpLease,
  type DnsRecord,
  type Question,
} from "../../src/ip/index.js";
import { stackOnTap } from "./tap-link.js";

const [role = "gateway", folder = "/tmp"] = process.argv.slice(2);

/** Until it is so, at most ten seconds. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (isSo()) return;
    await sleep(50);
  }
  assert.fail(`${what}: not in ten seconds`);
}

async function gateway(): Promise<void> {
  const { stack, close } = stackOnTap("tap0", {
    addresses: ["10.0.2.2/24"],
    anyAddress: true,
    probe: false,
    advertise: { prefixes: [parsePrefix("fd00:2::/64")], dnsServers: [parseAddress("fd00:2::3")] },
  });
  stack.addAddress("fd00:2::3/64", { probe: false });
  const server = createDhcpServer(stack, { address: "10.0.2.2/24", first: "10.0.2.15", count: 3, routers: ["10.0.2.2"], dnsServers: ["10.0.2.2"], domainName: "example.test", mtu: 1400, leaseSecs: 3600, now: () => performance.now() }); // prettier-ignore
  const script = join(folder, "udhcpc.sh");
  const report = join(folder, "lease");
  writeFileSync(script, `#!/bin/sh\n[ "$1" = bound ] || exit 0\nip address add $ip/$mask dev $interface\nip route add default via $router\necho "$ip/$mask $router $dns $domain $lease $mtu" >${report}\n`, { mode: 0o755 }); // prettier-ignore
  const client = spawn("busybox", ["udhcpc", "-i", "tap0", "-f", "-q", "-n", "-t", "5", "-T", "1", "-O", "mtu", "-s", script], { stdio: ["ignore", "ignore", "inherit"] }); // prettier-ignore
  assert.equal((await once(client, "exit"))[0], 0);
  const lease = await import("node:fs").then(({ readFileSync }) => readFileSync(report, "utf8").trim());
  assert.match(lease, /^10\.0\.2\.15\/24 10\.0\.2\.2 10\.0\.2\.2 example\.test 3600 1400$/);
  assert.deepEqual([...server.leases.values()], ["10.0.2.15"]);
  await until("the kernel's own address", () => (networkInterfaces()["tap0"] ?? []).some(({ address }) => address.startsWith("fd00:2::"))); // prettier-ignore

  const record = (question: Question, type: number, data: Uint8Array): DnsRecord => ({
    name: question.name,
    type,
    class: 1,
    ttl: 60,
    data,
  });
  const long = Array.from({ length: 20 }, (_, i) =>
    Uint8Array.from([200, ...Array<number>(200).fill(97 + i)]),
  );
  createDnsForwarder(stack, {
    async resolve(question) {
      await sleep(1);
      const { name, type } = question;
      const answers =
        name === "four.test" && type === recordType.a
          ? ["192.0.2.1", "192.0.2.2"].map((ip) => record(question, type, parseAddress(ip)))
          : name === "six.test" && type === recordType.aaaa
            ? [record(question, type, parseAddress("2001:db8::5"))]
            : name === "alias.test"
              ? [{ ...record(question, recordType.cname, nameBytes("four.test")), target: "four.test" }, { ...record(question, recordType.a, parseAddress("192.0.2.1")), name: "four.test" }] // prettier-ignore
              : name === "long.test"
                ? long.map((text) => record(question, recordType.txt, text))
                : undefined;
      return answers === undefined
        ? { code: responseCode.noName, answers: [] }
        : { code: responseCode.ok, answers };
    },
  });
  for (const address of ["10.0.2.2", "[fd00:2::3]"]) {
    const resolver = new dns.Resolver({ timeout: 2000, tries: 3 });
    resolver.setServers([address]);
    assert.deepEqual(await resolver.resolve4("four.test"), ["192.0.2.1", "192.0.2.2"]);
    assert.deepEqual(await resolver.resolve6("six.test"), ["2001:db8::5"]);
    assert.deepEqual(await resolver.resolve4("alias.test"), ["192.0.2.1"]);
    // More than a datagram takes: c-ares asks again over TCP.
    assert.deepEqual((await resolver.resolveTxt("long.test")).map(([text]) => text?.length), Array(20).fill(200)); // prettier-ignore
    await assert.rejects(resolver.resolve4("nothing.test"), { code: "ENOTFOUND" });
  }
  close();
}

async function host(): Promise<void> {
  const dnsmasq = spawn("dnsmasq", ["--no-daemon", "--conf-file=/dev/null", "--user=root", "--pid-file", "--no-resolv", "--no-hosts", "--interface=tap0", "--bind-interfaces", `--dhcp-leasefile=${join(folder, "leases")}`, "--dhcp-range=10.0.3.50,10.0.3.60,255.255.255.0,1h", "--dhcp-range=fd00:3::,ra-only,64,1h", "--enable-ra", "--dhcp-option=option:domain-name,example.test", "--dhcp-authoritative", "--host-record=two.test,192.0.2.9,2001:db8::9", "--cname=alias.test,two.test", "--local=/test/", ...Array.from({ length: 20 }, (_, i) => `--txt-record=long.test,${String.fromCharCode(97 + i).repeat(200)}`)], { stdio: ["ignore", "inherit", "pipe"] }); // prettier-ignore
  let log = "";
  dnsmasq.stderr.on("data", (data: Uint8Array) => (log += new TextDecoder().decode(data)));
  await until("dnsmasq", () => log.includes("started"));
  const { stack, close, host: clock } = stackOnTap("tap0", { autoconfigure: true });
  let lease: DhcpLease | undefined;
  const client = createDhcpClient(stack, clock, { mac: Uint8Array.of(2, 0, 0, 0, 0, 0x15), hostName: "guest", onLease: (it) => (lease = it) }); // prettier-ignore
  await until("a lease", () => lease !== undefined);
  assert.ok(lease !== undefined);
  assert.match(formatAddress(lease.address), /^10\.0\.3\.[56]\d$/);
  assert.deepEqual([lease.prefixLength, lease.routers.map(formatAddress), lease.dnsServers.map(formatAddress), lease.domainName, lease.leaseSecs], [24, ["10.0.3.1"], ["10.0.3.1"], "example.test", 3600]); // prettier-ignore
  const has = (text: string): boolean =>
    stack.addresses.some(({ address }) => formatAddress(address) === text);
  await until("an address of the router's prefix", () => has("fd00:3::ff:fe00:15"));
  assert.ok(has("fe80::ff:fe00:15"));

  for (const server of ["10.0.3.1", "fd00:3::1"]) {
    const names = createDnsClient(stack, clock, { servers: () => [parseAddress(server)] });
    assert.deepEqual((await names.resolve("two.test")).map(formatAddress), ["2001:db8::9", "192.0.2.9"]);
    assert.deepEqual((await names.resolve("ALIAS.test")).map(formatAddress), ["2001:db8::9", "192.0.2.9"]);
    assert.equal((await names.query("long.test", recordType.txt)).length, 20);
    await assert.rejects(names.resolve("nothing.test"), /no such name: nothing\.test/);
  }
  client.release();
  await until("the lease given back", () => log.includes("DHCPRELEASE"));
  assert.deepEqual(
    stack.addresses.filter(({ address }) => address.length === 4),
    [],
  );
  close();
  dnsmasq.kill();
}

await (role === "gateway" ? gateway() : host());
process.stdout.write("as it must be\n");
