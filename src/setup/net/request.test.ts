// What may be a name, a user, an MTU, an address: what runs as root must not be made to do anything else.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkAddress,
  checkMtu,
  checkName,
  checkNameOf,
  checkUser,
  formatPrefix,
  networkOf,
} from "./request.js";

test("names of interfaces", () => {
  for (const name of ["tap0", "a", "br-lan.10", "a".repeat(15)]) assert.equal(checkName(name), name);
  for (const name of [
    "",
    "a/b",
    "../tap",
    "-tap",
    "tap 0",
    "tap0;reboot",
    "$(id)",
    "a".repeat(16),
    "tap%d",
    ".",
    "t\u00e5p",
    "0tap",
    "tap\n",
    "tap0\0x",
    "tap:1",
  ])
    // prettier-ignore
    assert.throws(() => checkName(name), { code: "NET", message: /not the name of an interface/ }, name);
});

test("names as each system has them", () => {
  for (const [system, kind, good, bad] of [
    ["linux", "bridge", "br0", "br/0"],
    ["freebsd", "tap", "tap12", "eth0"],
    ["freebsd", "bridge", "bridge1", "br0"],
    ["openbsd", "bridge", "veb0", "bridge0"],
    ["openbsd", "tap", "tap0", "tap01"],
  ] as const) {
    assert.equal(checkNameOf(system, kind, good), good);
    assert.throws(() => checkNameOf(system, kind, bad), { code: "NET" });
  }
});

test("users and MTUs", () => {
  for (const user of ["root", "_vmd", "65534", "www-data"]) assert.equal(checkUser(user), user);
  for (const user of ["", "a b", "-R", "$(id)", "a:b", "0x1", "x".repeat(40)])
    assert.throws(() => checkUser(user), { code: "NET" }, user);
  assert.equal(checkMtu("1400"), 1400);
  for (const mtu of ["0", "67", "65522", "1e3", "-1", "1500 ", ""])
    assert.throws(() => checkMtu(mtu), { code: "NET" }, mtu);
});

test("addresses", () => {
  for (const [text, network] of [
    ["10.0.0.1/24", "10.0.0.0/24"],
    ["10.0.0.255/31", "10.0.0.254/31"],
    ["172.16.5.4/12", "172.16.0.0/12"],
    ["fd00::1/64", "fd00::/64"],
    ["fd00:1:2:3ff::1/55", "fd00:1:2:200::/55"],
    ["192.0.2.1/32", "192.0.2.1/32"],
  ] as const) {
    assert.equal(formatPrefix(checkAddress(text)), text);
    assert.equal(formatPrefix(networkOf(checkAddress(text))), network);
  }
  for (const text of [
    "10.0.0.1",
    "10.0.0/24",
    "10.0.0.1/33",
    "10.0.0.1/",
    "10.0.0.1/24/1",
    "224.0.0.1/24",
    "0.0.0.0/8",
    "10.0.0.255/24",
    "127.0.0.2/8",
    "ff02::1/64",
    "::/64",
    "::1/128",
  ])
    // prettier-ignore
    assert.throws(() => checkAddress(text), { code: "ADDRESS" }, text);
});
