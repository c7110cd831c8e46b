// The ACPI tables, whose sums must be 0, and the register they lead to; what follows them is guest/bindings/virtio/acpi.c.
import assert from "node:assert/strict";
import { test } from "node:test";
import { u16, u32, viewOf } from "../../../bytes/struct.js";
import { acpiBase, acpiTables, createAcpi } from "./acpi.js";

const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0) & 0xff;
const textAt = (bytes: Uint8Array, at: number, length: number): string =>
  new TextDecoder().decode(bytes.subarray(at, at + length));

test("from the root pointer to the package _S5_, and off", () => {
  const bytes = acpiTables();
  const view = viewOf(bytes);
  assert.equal(textAt(bytes, 0, 8), "RSD PTR ");
  assert.equal(sum(bytes.subarray(0, 20)), 0);
  const table = (at: number, signature: string): number => {
    const start = u32.read(view, at) - acpiBase;
    assert.equal(textAt(bytes, start, 4), signature);
    assert.equal(sum(bytes.subarray(start, start + u32.read(view, start + 4))), 0, signature);
    return start;
  };
  const rsdt = table(16, "RSDT");
  const fadt = table(rsdt + 36, "FACP");
  const dsdt = table(fadt + 40, "DSDT");
  const name = textAt(bytes, dsdt, 0x60).indexOf("_S5_");
  // Package, its length, four elements, the first a byte.
  const at = dsdt + name + 4;
  assert.deepEqual([...bytes.subarray(at, at + 4)], [0x12, 0x0a, 4, 0x0a]);
  const type = bytes[at + 4] ?? 0;

  let isOff = false;
  const acpi = createAcpi(() => (isOff = true));
  const port = u16.read(view, fadt + 64);
  acpi.out(port, ((type ^ 1) << 10) | (1 << 13), 2);
  acpi.out(port, type << 10, 2);
  assert.equal(isOff, false);
  acpi.out(port, (type << 10) | (1 << 13), 2);
  assert.equal(isOff, true);
});
