// Pages that Muen itself has written, where the environment's SOLO5_MUEN_PAGES names a folder of them: `lnx`, a subject info of
// version 4, and boot data `bi1` and `bi2`. Every byte must be accounted for by the layouts here. Offsets by hand hold always.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  bootInfo,
  infoHeader,
  infoMagic,
  infoName,
  memoryData,
  resource,
  resourceCountAt,
  resourceKind,
  resourcesAt,
  subjectInfoSize,
} from "../../src/abi/muen.js";
import { u16, u32, viewOf } from "../../src/bytes/struct.js";
import { encodeInfo } from "../../src/targets/muen/subject-info.js";

const folder = process.env["SOLO5_MUEN_PAGES"];

test("a subject info of each version by offsets", () => {
  for (const version of [3, 4, 5] as const) {
    const data = encodeInfo(version, {
      subject: "lnx",
      tscKhz: 2_900_123,
      regions: [
        { name: "text", kind: "binary", address: 0x3000, physical: 0x3000, size: 0xd000, write: false, execute: true },
        { name: "service0|out", kind: "channel", address: 0x12_3456_7000, physical: 0, size: 0x10_0000, write: true, execute: false },
      ],
    }); // prettier-ignore
    const at = (start: number, ...bytes: readonly number[]): void =>
      assert.deepEqual(
        [...data.subarray(start, start + bytes.length)],
        bytes,
        `${start} of version ${version}`,
      );
    const text = (value: string): number[] => [...new TextEncoder().encode(value)];
    assert.equal(data.length, 32_720);
    at(0, ...text("muinfo"), 0, version);
    at(8, 0x9b, 0x40, 0x2c, 0x00, 3, ...text("lnx"), 0);
    at(version === 5 ? 77 : 79, 0);
    at(version === 5 ? 78 : 77, 3, 0);
    // Kind, name, kind of memory, content, flags, pattern, address, size.
    at(80, 1, 0, 0, 0, 4, ...text("text"), 0);
    at(152, 2);
    at(154, 2, 0, 1);
    at(160, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0xd0, 0, 0, 0, 0, 0, 0);
    at(208, 1, 0, 0, 0, 12, ...text("service0|out"), 0);
    at(280, 5);
    at(282, 1, 0, 1);
    at(288, 0, 0x70, 0x56, 0x34, 0x12, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0);
    at(336, 2, 0, 0, 0, 10, ...text("solo5_exit"), 0);
    at(408, 1);
    assert.ok(data.subarray(464).every((byte) => byte === 0));
  }
});

if (folder !== undefined) {
  test("a subject info of Muen's", () => {
    const page = readFileSync(join(folder, "lnx"));
    const view = viewOf(page);
    const again = new Uint8Array(subjectInfoSize);
    const count = u16.read(view, resourceCountAt(4));
    again.set(new TextEncoder().encode(infoMagic));
    again[infoMagic.length] = 4;
    u32.write(viewOf(again), infoHeader.tscKhz, u32.read(view, infoHeader.tscKhz));
    infoName.write(viewOf(again), infoHeader.name, infoName.read(view, infoHeader.name));
    u16.write(viewOf(again), resourceCountAt(4), count);
    const names: string[] = [];
    for (let i = 0; i < count; i++) {
      const at = resourcesAt + i * resource.size;
      const { name, data, ...one } = resource.read(view, at);
      names.push(new TextDecoder().decode(name.text.subarray(0, name.length)));
      const isMemory = one.kind === resourceKind.memory;
      const fields = new Uint8Array(memoryData.size);
      if (isMemory) {
        const memory = memoryData.read(viewOf(data), 0);
        assert.ok(
          memory.size > 0n && memory.size % 4096n === 0n && memory.address % 4096n === 0n,
          names.at(-1),
        );
        memoryData.write(viewOf(fields), 0, memory);
      }
      resource.write(viewOf(again), at, { ...one, name, data: isMemory ? fields : data });
    }
    assert.equal(Buffer.compare(again, page), 0, "each byte of it");
    assert.equal(count, 13);
    assert.ok(names.includes("sinfo") && names.includes("text") && names.every((name) => name.length > 0));
  });

  test("boot data of Muen's", () => {
    for (const name of ["bi1", "bi2"]) {
      const page: Buffer = readFileSync(join(folder, name));
      const { memSize, kernelEnd, tsc, cmdline, mft } = bootInfo.read(viewOf(page), 0);
      // Above the image that ends there; the command line's address within the page.
      assert.ok(memSize > kernelEnd && memSize % 4096n === 0n && kernelEnd % 4096n === 4095n, name);
      assert.deepEqual([tsc, mft, cmdline], [0n, 0n, 40n]);
      assert.equal(page.indexOf(0, Number(cmdline)), page.length - 1, "the command line is the rest");
    }
  });
}
