// Where a unikernel may connect to: what is the host's own is denied in every form that an address can take. The witness for
// IPv4 in IPv6 is Node's BlockList, which knows mapped addresses.
import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { test } from "node:test";
import { parseAddress } from "../../ip/address.js";
import { mayReach } from "./denied.js";
import { readUserOptions } from "./options.js";
import type { UserOptions } from "./source.js";

const own = ["192.168.1.10", "2001:db8::5"];
const may = (address: string, options: UserOptions = {}, port = 80): boolean =>
  mayReach(readUserOptions(options), parseAddress(address), port, own.map(parseAddress));

const local = [
  "0.0.0.0",
  "0.1.2.3",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "224.0.0.251",
  "255.255.255.255",
  "192.168.1.10",
];
const everybody = ["1.1.1.1", "10.9.8.7", "192.168.1.11", "128.0.0.1", "169.253.255.255", "223.255.255.255"];

test("the host's own addresses, and those of nobody, are denied", () => {
  for (const address of local) assert.equal(may(address), false, address);
  for (const address of everybody) assert.equal(may(address), true, address);
  for (const address of ["::", "::1", "fe80::1", "febf::1", "ff02::1", "2001:db8::5", "64:ff9b:1::7f00:1"])
    assert.equal(may(address), false, address);
  for (const address of ["2606:4700::1111", "2001:db8::6", "fec0::1", "fd00::1"])
    assert.equal(may(address), true, address);
});

test("IPv4 in IPv6 is what it stands for", () => {
  const witness = new BlockList();
  for (const address of local) witness.addAddress(address);
  const hex = (address: string): string =>
    address
      .split(".")
      .map((byte) => Number(byte).toString(16).padStart(2, "0"))
      .join("")
      .replace(/^(.{4})/, "$1:");
  for (const address of [...local, ...everybody]) {
    assert.equal(witness.check(`::ffff:${address}`, "ipv6"), !may(address), address);
    for (const form of ["::ffff:X", "64:ff9b::X", "2002:X::1"])
      assert.equal(may(form.replace("X", hex(address))), may(address), `${form} of ${address}`);
  }
});

test("what is allowed by name is reached, at its port, and nothing else with restrict", () => {
  const allow = ["127.0.0.1:6379", "[::1]:80", "10.0.0.0/8"];
  assert.equal(may("127.0.0.1", { allow }, 6379), true);
  assert.equal(may("127.0.0.1", { allow }, 6380), false);
  assert.equal(may("127.0.0.2", { allow }, 6379), false);
  assert.equal(may("::ffff:7f00:1", { allow }, 6379), true);
  assert.equal(may("::1", { allow }, 80), true);
  assert.equal(may("1.1.1.1", { allow }), true);
  assert.equal(may("1.1.1.1", { allow, restrict: true }), false);
  assert.equal(may("10.1.1.1", { allow, restrict: true }), true);
  assert.equal(may("1.1.1.1", { restrict: true }), false);
});
