// Unikernels that are cut, damaged or made with malice: every one is read, or refused with one line that names the
// file. Damage goes where readers look: headers, notes, section headers.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import * as make from "../../test/elf-file.js";
import { projectRoot } from "../../test/project.js";
import { Solo5Error } from "../bytes/error.js";
import { readUnikernel } from "./unikernel.js";

const folder = join(projectRoot, "dist/guest/tests");
const unikernels = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(hvt|spt)$/.test(name))
  .map((name) => ({ name, file: Uint8Array.from(readFileSync(join(folder, name))) }));

/** Where readers look: [start, end) of the headers, the notes and the section headers, by gABI chapters 4 and 5. */
function vitals(file: Uint8Array): readonly (readonly [start: number, end: number])[] {
  const view = new DataView(file.buffer);
  const phnum = view.getUint16(56, true);
  const parts: [number, number][] = [[0, 64 + phnum * 56]];
  for (let i = 0; i < phnum; i++) {
    const header = 64 + i * 56;
    const offset = Number(view.getBigUint64(header + 8, true));
    if (view.getUint32(header, true) === make.ptNote)
      parts.push([offset, offset + Number(view.getBigUint64(header + 32, true))]);
  }
  const sections = Number(view.getBigUint64(40, true));
  return [...parts, [sections, sections + view.getUint16(60, true) * 64]];
}

/** Reads `file` to the end. Anything but a unikernel or one clear line fails the test. */
function survives(file: Uint8Array, name: string): "read" | "refused" {
  try {
    const { entry, segments, imageEnd, kernelEnd, symbols, devices } = readUnikernel(file, name);
    symbols();
    assert.ok(segments.length > 0 && devices.length <= 63);
    assert.ok(segments.some(({ vaddr, data }) => entry >= vaddr && entry < vaddr + data.length));
    assert.ok(imageEnd >= kernelEnd && kernelEnd > 0x100000);
    return "read";
  } catch (error) {
    assert.ok(error instanceof Solo5Error, `${name}: ${String(error)}`);
    assert.ok(error.message.startsWith(`${name}: `), error.message);
    assert.match(error.message, /^[\x20-\x7e]+$/);
    return "refused";
  }
}

test("the self-tests are read, but for what is malformed by design", () => {
  assert.ok(unikernels.length >= 90, "npm run build makes them");
  for (const { name, file } of unikernels) {
    assert.equal(survives(file, name), name.includes("buggyelf") ? "refused" : "read", name);
  }
  const buggy = unikernels.find(({ name }) => name.endsWith("buggyelf.hvt"));
  assert.throws(
    () => readUnikernel(buggy?.file ?? new Uint8Array(), "b"),
    /note does not fall within valid size/,
  );
});

test("cut at every byte of headers and notes, and elsewhere at many", () => {
  for (const { name, file } of unikernels) {
    const cuts = new Set<number>();
    for (const [start, end] of vitals(file).slice(0, -1)) for (let at = start; at <= end; at++) cuts.add(at);
    for (let at = 0; at < file.length; at += 499) cuts.add(at);
    // A copy each: nothing lies behind its end that could be read by mistake.
    for (const at of cuts) survives(file.slice(0, at), name);
    const [, lastNoteEnd = 0] = vitals(file).at(-2) ?? [];
    if (!name.includes("buggyelf")) assert.equal(survives(file.slice(0, lastNoteEnd - 1), name), "refused");
  }
});

test("random damage to headers, notes and sections", () => {
  const values = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  const flips = fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), values), {
    minLength: 1,
    maxLength: 12,
  });
  const outcomes = { read: 0, refused: 0 };
  const damage = fc.tuple(fc.constantFrom(...unikernels), flips);
  fc.assert(
    fc.property(damage, ([{ name, file }, flips]) => {
      const spots = vitals(file).flatMap(([start, end]) =>
        Array.from({ length: end - start }, (_, i) => start + i),
      );
      const damaged = file.slice();
      for (const [spot, value] of flips) damaged[spots[Math.floor(spot * spots.length)] ?? 0] = value;
      outcomes[survives(damaged, name)]++;
    }),
    { seed: 5010, numRuns: 4000 },
  );
  assert.ok(outcomes.read > 100 && outcomes.refused > 100, JSON.stringify(outcomes));
});

test("hostile numbers in every field of every header", () => {
  const extremes = [0n, 1n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]; // prettier-ignore
  for (const { name, file } of unikernels.filter(({ name }) => /test_(net|tls)\./.test(name))) {
    const view = new DataView(file.buffer);
    const sections = Number(view.getBigUint64(40, true));
    const symtab = Array.from({ length: view.getUint16(60, true) }, (_, i) => sections + i * 64);
    const fields = [24, 32, 40, ...symtab.flatMap((at) => [at + 24, at + 32, at + 40])];
    for (let i = 0; i < view.getUint16(56, true); i++)
      for (let at = 8; at < 56; at += 8) fields.push(64 + i * 56 + at);
    for (const at of fields) {
      for (const value of extremes) {
        const damaged = file.slice();
        new DataView(damaged.buffer).setBigUint64(at, value, true);
        survives(damaged, name);
      }
    }
  }
});

test("segments that overlap, descend or wrap around", () => {
  const number = fc.constantFrom(0n, 1n, 0xfffn, 0x1000n, 0x100000n, 0x101000n, 0xffffffffn, 2n ** 53n - 1n, 2n ** 63n, 2n ** 64n - 1n); // prettier-ignore
  const header = fc.record(
    {
      type: fc.constantFrom(make.ptLoad, make.ptLoad, make.ptTls, make.ptNote),
      flags: fc.nat(7),
      vaddr: number,
      offset: number,
      filesz: number,
      memsz: number,
      align: number,
      data: fc.uint8Array({ maxLength: 40 }),
    },
    { requiredKeys: ["type", "vaddr"] },
  );
  fc.assert(
    fc.property(fc.array(header, { maxLength: 5 }), number, fc.boolean(), (headers, entry, first) => {
      const all = first ? [make.hltText, ...headers] : [...headers, make.hltText];
      survives(make.unikernelFile({ headers: all, entry }), "f");
    }),
    { seed: 5010, numRuns: 3000 },
  );
});

test("a table of names without an end is read in reasonable time", () => {
  // 20,000 symbols, each with a name that reaches over megabytes.
  const [count, strings] = [20_000, 4_000_000];
  const base = make.unikernelFile();
  const [symbolsAt, stringsAt] = [base.length, base.length + count * 24];
  const sectionsAt = stringsAt + strings;
  const file = new Uint8Array(sectionsAt + 3 * 64).fill(97, stringsAt, sectionsAt);
  file.set(base);
  const view = new DataView(file.buffer);
  for (let i = 0; i < count; i++) {
    view.setUint32(symbolsAt + i * 24, 1, true);
    view.setUint16(symbolsAt + i * 24 + 6, 1, true);
  }
  const section = (i: number, type: number, offset: number, size: number): void => {
    view.setUint32(sectionsAt + i * 64 + 4, type, true);
    view.setBigUint64(sectionsAt + i * 64 + 24, BigInt(offset), true);
    view.setBigUint64(sectionsAt + i * 64 + 32, BigInt(size), true);
    view.setUint32(sectionsAt + i * 64 + 40, 2, true);
  };
  section(1, 2, symbolsAt, count * 24);
  section(2, 3, stringsAt, strings);
  view.setBigUint64(40, BigInt(sectionsAt), true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 3, true);
  const symbols = readUnikernel(file, "f").symbols();
  assert.equal(symbols.length, count);
  assert.equal(symbols[0]?.name.length, 4096);
});
