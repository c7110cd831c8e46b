// Manifest notes: entries, names, and what is refused. docs/abi.md 1.3.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { manifestDesc } from "../../test/elf-file.js";
import {
  encodeManifest,
  entryOffset,
  isDeviceName,
  readManifest,
  type Attached,
  type Device,
} from "./manifest.js";

const devices = [
  ["net0", 2],
  ["disk", 1],
] as const;
/** The descriptor for `devices` with bytes changed. */
const changed = (offset: number, ...bytes: readonly number[]): Uint8Array => {
  const desc = manifestDesc(devices);
  desc.set(bytes, offset);
  return desc;
};
const entry = (handle: number): number => 12 + 104 * handle;

test("devices by handle", () => {
  assert.deepEqual(readManifest(manifestDesc([])), []);
  assert.deepEqual(readManifest(manifestDesc(devices)), [
    { name: "net0", type: "NET_BASIC", handle: 1 },
    { name: "disk", type: "BLOCK_BASIC", handle: 2 },
  ]);
  const most = Array.from({ length: 63 }, (_, i) => [`d${i}`, 1] as const);
  assert.equal(readManifest(manifestDesc(most)).length, 63);
  assert.deepEqual(readManifest(manifestDesc([["x".repeat(67), 2]])), [
    { name: "x".repeat(67), type: "NET_BASIC", handle: 1 },
  ]);
});

test("what is wrong with a manifest is said with entry and value", () => {
  const many = Array.from({ length: 64 }, (_, i) => [`d${i}`, 1] as const);
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [new Uint8Array(), "0 bytes are too few"],
    [new Uint8Array(11), "11 bytes are too few"],
    [manifestDesc(devices, 2), "version is 2, expected 1"],
    [changed(8, 0), "entries is 0, expected 1 to 64"],
    [changed(8, 0xff, 0xff, 0xff, 0xff), "entries is 4294967295, expected 1 to 64"],
    [manifestDesc(many), "entries is 65, expected 1 to 64"],
    [changed(8, 2), "2 entries take 216 bytes, the note has 320"],
    [changed(8, 4), "4 entries take 424 bytes, the note has 320"],
    [manifestDesc(devices).slice(0, -1), "3 entries take 320 bytes, the note has 319"],
    [manifestDesc([["x".repeat(68), 2]]), "entry 1: name is not terminated"],
    [changed(entry(2) + 67, 1), "entry 2: name is not terminated"],
    [changed(entry(1) + 96, 1), "entry 1: attached is 1, expected 0"],
    [changed(entry(0) + 96, 7), "entry 0: attached is 7, expected 0"],
    [changed(entry(0), 97), "entry 0: is not the reserved first one"],
    [changed(entry(0) + 68, 1, 0, 0, 0), "entry 0: is not the reserved first one"],
    [changed(entry(1) + 68, 3), "entry 1: type is 3, expected 1 (BLOCK_BASIC) or 2 (NET_BASIC)"],
    [changed(entry(1) + 71, 0x40), "entry 1: type is 1073741826, expected 1 (BLOCK_BASIC) or 2 (NET_BASIC)"],
    [changed(entry(1), 0), "entry 1: name is not alphanumeric"],
    [changed(entry(1), 0x0a), "entry 1: name is not alphanumeric"],
    [manifestDesc([["a b", 1]]), "entry 1: name is not alphanumeric"],
    [manifestDesc([["\ufeffa", 1]]), "entry 1: name is not alphanumeric"],
    [manifestDesc([["a", 1], ["a", 2]]), "entry 2: name a is declared twice"],
  ]; // prettier-ignore
  for (const [desc, expected] of cases) assert.equal(readManifest(desc), expected);
});

test("names of devices are 1 to 67 letters and digits", () => {
  for (const name of ["a", "Z9", "x".repeat(67)]) assert.equal(isDeviceName(name), true, name);
  for (const name of ["", "x".repeat(68), "a-b", "a\n", "é", "a\0"])
    assert.equal(isDeviceName(name), false, name);
});

test("any bytes give a manifest or one line", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.tuple(fc.nat(327), fc.nat(255))),
      (noise, flips) => {
        const flipped = manifestDesc(devices);
        for (const [at, value] of flips) flipped[at % flipped.length] = value;
        for (const desc of [noise, flipped]) {
          const read = readManifest(desc);
          if (typeof read === "string") assert.match(read, /^[\x20-\x7e]+$/);
          else assert.ok(read.length <= 63);
        }
      },
    ),
    { seed: 5010, numRuns: 2000 },
  );
});

test("what the guest is told lies where docs/abi.md 1.3 says", () => {
  const mac = Uint8Array.of(2, 1, 2, 3, 4, 5);
  const net: Device & { attached: Attached; hostfd: number } = {
    name: "net0",
    type: "NET_BASIC",
    handle: 1,
    hostfd: 7,
    attached: { type: "NET_BASIC", mac, mtu: 1500 },
  };
  const block: Device & { attached: Attached; hostfd: number } = {
    name: "disk",
    type: "BLOCK_BASIC",
    handle: 2,
    hostfd: 8,
    attached: { type: "BLOCK_BASIC", capacity: 2n ** 40n, blockSize: 4096 },
  };
  const data = Buffer.from(encodeManifest([net, block]));
  assert.equal(data.length, 8 + 3 * 104);
  assert.deepEqual([data.readUInt32LE(0), data.readUInt32LE(4)], [1, 3]);
  const [first, second, third] = [8, 112, 216];
  assert.deepEqual([0, 1, 2].map(entryOffset), [first, second, third]);
  assert.equal(data.readUInt32LE(first + 68), 1 << 30);
  assert.equal(data.toString("latin1", second, second + 5), "net0\0");
  assert.equal(data.readUInt32LE(second + 68), 2);
  assert.deepEqual(data.subarray(second + 72, second + 78), Buffer.from(mac));
  assert.equal(data.readUInt16LE(second + 78), 1500);
  assert.equal(data.readUInt32LE(second + 88), 7);
  assert.equal(data[second + 96], 1);
  assert.equal(data.readUInt32LE(third + 68), 1);
  assert.equal(data.readBigUInt64LE(third + 72), 2n ** 40n);
  assert.equal(data.readUInt16LE(third + 80), 4096);
  assert.equal(data.readUInt32LE(third + 88), 8);
  assert.equal(data[third + 96], 1);
});
