// What --net:NAME=user,… means, and every mistake that can be made in it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress } from "../../ip/address.js";
import { formatNet, parseNet } from "../schemes.js";
import { mirageOptions, readUserOptions, userScheme } from "./options.js";
import type { UserOptions } from "./source.js";

const refuses = (text: string, why: RegExp): void =>
  assert.throws(() => parseNet(text), { name: "Solo5Error", code: "NET", message: why });

test("options are read as they are written, and written as they are read", () => {
  assert.deepEqual(parseNet("user"), { kind: "user", forwards: [], allow: [] });
  const text =
    "user,tcp:8080:80,tcp:0.0.0.0:0:443,udp:[::1]:53:5353,restrict,allow=127.0.0.1:6379,allow=[fd00::/8]:80,ip=10.1.2.3/16,mtu=9000";
  const source = parseNet(text);
  assert.deepEqual(source, {
    kind: "user",
    forwards: [
      { protocol: "tcp", address: undefined, hostPort: 8080, guestPort: 80 },
      { protocol: "tcp", address: "0.0.0.0", hostPort: 0, guestPort: 443 },
      { protocol: "udp", address: "::1", hostPort: 53, guestPort: 5353 },
    ],
    restrict: true,
    allow: ["127.0.0.1:6379", "[fd00::/8]:80"],
    ip: "10.1.2.3/16",
    mtu: 9000,
  });
  assert.equal(formatNet(source), text);
  // An interface may be called so.
  assert.deepEqual(parseNet("user0"), { kind: "tap", interface: "user0" });
  assert.equal(userScheme.parse("tap0"), undefined);
});

test("addresses: the unikernel's, and the gateway's beside it", () => {
  for (const [ip, guest, gateway] of [
    [undefined, "10.0.0.2", "10.0.0.1"],
    ["10.0.0.1/24", "10.0.0.1", "10.0.0.2"],
    ["192.168.7.0/24", "192.168.7.2", "192.168.7.1"],
    ["192.168.7.77/26", "192.168.7.77", "192.168.7.65"],
    ["172.16.0.255/12", "172.16.0.255", "172.16.0.1"],
    ["200.1.2.9/29", "200.1.2.9", "200.1.2.10"],
  ] as const) {
    const network = readUserOptions(ip === undefined ? {} : { ip });
    assert.deepEqual([network.guest, network.gateway].map(formatAddress), [guest, gateway], ip);
  }
  assert.equal(mirageOptions(readUserOptions({})), "--ipv4=10.0.0.2/24 --ipv4-gateway=10.0.0.1");
});

test("what is allowed: addresses, prefixes, ports", () => {
  const allowed = (text: string): unknown => {
    const [one] = readUserOptions({ allow: [text] }).allowed;
    return one === undefined ? undefined : [formatAddress(one.prefix.address), one.prefix.length, one.port];
  };
  assert.deepEqual(allowed("127.0.0.1"), ["127.0.0.1", 32, undefined]);
  assert.deepEqual(allowed("127.0.0.1:80"), ["127.0.0.1", 32, 80]);
  assert.deepEqual(allowed("10.0.0.0/8:80"), ["10.0.0.0", 8, 80]);
  assert.deepEqual(allowed("::1"), ["::1", 128, undefined]);
  assert.deepEqual(allowed("fe80::/10"), ["fe80::", 10, undefined]);
  assert.deepEqual(allowed("[::1]:80"), ["::1", 128, 80]);
});

test("every mistake has a line", () => {
  refuses("user,tcp:80", /^Could not attach interface: user,tcp:80: not one of tcp:/);
  refuses("user,sctp:1:2", /user,sctp:1:2: not one of/);
  refuses("user,", /user,: not one of/);
  refuses("user,restrict=yes", /not one of/);
  refuses("user,tcp:1:0", /user,tcp:1:0: ports are numbers from 1 to 65535/);
  refuses("user,tcp:65536:1", /not one of/);
  refuses("user,tcp:localhost:80:80", /not an IP address: localhost/);
  refuses("user,ip=10.0.0.2", /29 bits at most/);
  refuses("user,ip=10.0.0.2/31", /29 bits at most/);
  refuses("user,ip=fd00::1/64", /an IPv4 address/);
  refuses("user,ip=10.0.0.255/24", /broadcast/);
  refuses("user,ip=10.0.0/24", /not an IP address: 10.0.0/);
  refuses("user,mtu=100", /from 1280 to 65000/);
  refuses("user,allow=localhost", /not an IP/);
  refuses("user,allow=127.0.0.1:65536", /no port/);
  for (const options of [
    { forwards: [{ protocol: "tcp", hostPort: 1.5, guestPort: 1 }] },
    { forwards: [{ protocol: "tcp", hostPort: -1, guestPort: 1 }] },
    { mtu: 1500.5 },
    { allow: [""] },
  ] satisfies UserOptions[])
    assert.throws(() => readUserOptions(options), { code: "NET" });
});
