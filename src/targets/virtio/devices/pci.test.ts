// PCI configuration space at its two ports.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPci, type PciFunction } from "./pci.js";

const net: PciFunction = { vendor: 0x1af4, device: 0x1000, subsystem: 1, class: 0x020000, io: { base: 0xc040, size: 0x40 }, irq: 11 }; // prettier-ignore

function newPci(count: number) {
  const pci = createPci(Array.from({ length: count }, () => net));
  const at = (bus: number, device: number, offset: number): void =>
    pci.out(0xcf8, (0x8000_0000 | (bus << 16) | (device << 11) | offset) >>> 0, 4);
  return {
    pci,
    at,
    read: (bus: number, device: number, offset: number): number => {
      at(bus, device, offset);
      return pci.in(0xcfc, 4);
    },
  };
}

test("a host bridge, then devices from 2 on, 30 on the first bus", () => {
  const { read } = newPci(63);
  assert.equal(read(0, 0, 0), 0x1237_8086);
  assert.equal(read(0, 1, 0), 0xffff_ffff);
  const found = [];
  for (let bus = 0; bus < 256; bus++)
    for (let device = 0; device < 32; device++)
      if (read(bus, device, 0) === 0x1000_1af4) found.push(`${bus}:${device}`);
  assert.equal(found.length, 63);
  assert.deepEqual([found[0], found[29], found[30], found[62]], ["0:2", "0:31", "1:0", "2:0"]);
});

test("what a driver reads", () => {
  const { read, pci, at } = newPci(1);
  assert.equal(read(0, 2, 0x08), 0x0200_0000);
  assert.equal(read(0, 2, 0x0c), 0);
  assert.equal(read(0, 2, 0x10), 0xc041);
  assert.equal(read(0, 2, 0x2c), 0x0001_1af4);
  assert.equal(read(0, 2, 0x3c), 0x0000_010b);
  at(0, 2, 0x2c);
  assert.deepEqual([pci.in(0xcfe, 2), pci.in(0xcfc, 1)], [1, 0xf4]);
  pci.out(0xcf8, 0x1000, 4);
  assert.equal(pci.in(0xcfc, 4), 0xffff_ffff, "not enabled");
});

test("the size of a base address, and what cannot be written", () => {
  const { read, pci, at } = newPci(1);
  at(0, 2, 0x10);
  pci.out(0xcfc, 0xffff_ffff, 4);
  assert.equal(pci.in(0xcfc, 4), 0xffff_ffc1);
  pci.out(0xcfc, 0xc040, 4);
  assert.equal(pci.in(0xcfc, 4), 0xc041);
  at(0, 2, 0);
  pci.out(0xcfc, 0, 4);
  assert.equal(read(0, 2, 0), 0x1000_1af4);
  at(0, 2, 4);
  pci.out(0xcfc, 0x407, 2);
  assert.equal(pci.in(0xcfc, 4), 0x407);
  at(0, 2, 0x3c);
  pci.out(0xcfc, 5, 1);
  assert.equal(pci.in(0xcfc, 2), 0x105);
});
