// The xen machine against a domain that shares nothing with it but docs/abi.md, and the bindings under drivers that are not theirs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { manifestSource } from "../../src/image/manifest-source.js";
import { attach, createSegment, open, run } from "../../src/index.js";
import { findCompiler } from "../../src/toolchain/compiler.js";
import { compileFlags, linkFlags } from "../../src/toolchain/flags.js";
import {
  bindingsObject,
  freestandingFolder,
  guestOutput,
  includeFolder,
  libFolder,
  linkerScript,
} from "../../src/toolchain/layout.js";
import { memoryDisk } from "../memory-disk.js";
import { projectRoot } from "../project.js";
import { until } from "../until.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-domain-"));
after(() => rmSync(folder, { recursive: true }));

const isa = "x86-64";
const name = (file: string): string => join(folder, file);

/** Links a file of this folder with a manifest, and with the bindings or without any. */
function link(source: string, devices: Parameters<typeof manifestSource>[0], withBindings: boolean): string {
  const { cc, ld, ...compiler } = findCompiler(isa);
  const compile = (file: string, object: string): void => {
    const headers = { freestanding: freestandingFolder, solo5: includeFolder };
    const flags = [
      ...compileFlags(headers, compiler),
      "-std=gnu99",
      "-O1",
      "-mno-red-zone",
      "-mgeneral-regs-only",
      "-fno-stack-protector",
      "-fno-pic",
    ];
    execFileSync(cc[0] ?? "", [...cc.slice(1), ...flags, "-c", file, "-o", object]);
  };
  writeFileSync(name("manifest.c"), manifestSource(devices));
  compile(name("manifest.c"), name("manifest.o"));
  compile(join(projectRoot, "test/xen", `${source}.c`), name("source.o"));
  const lib = libFolder(guestOutput, isa);
  const script = join(lib, linkerScript("xen"));
  const objects = [
    name("source.o"),
    name("manifest.o"),
    ...(withBindings ? [join(lib, bindingsObject("xen"))] : []),
  ];
  const file = name(`${source}.xen`);
  execFileSync(ld[0] ?? "", [...ld.slice(1), ...linkFlags, "-T", script, ...objects, "-o", file]);
  return file;
}

/** A frame to everyone with its number. */
function frame(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).map((_, i) => number * 13 + i * (1 + (number % 5)));
  bytes.set([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
  return bytes;
}

test("a domain that keeps to the contract by offsets of its own", async () => {
  const segment = createSegment({ mtu: 9000 });
  const sender = segment.port();
  const mac = Uint8Array.of(2, 0, 0, 0xab, 0, 9);
  const devices = [
    { name: "service0", type: "NET_BASIC" },
    { name: "storage", type: "BLOCK_BASIC" },
  ] as const;
  const plan = attach(open(link("domain", devices, false)), {
    memMiB: 16,
    args: ["one", "two"],
    net: { service0: { source: { kind: "device", device: segment.port() }, mac } },
    block: { storage: { source: { kind: "device", device: memoryDisk(512) } } },
  });
  let text = "";
  const console = { write: (data: Uint8Array) => (text += new TextDecoder().decode(data)) };
  await using running = run(plan, { engine: "wasm", console });
  let hasEnded = false;
  void running.exited.finally(() => (hasEnded = true));
  await until("it has told all", () => hasEnded || text.includes("echoes\n"));
  // Lengths around the ends of pages; more frames than a ring has entries.
  const lengths = [60, 61, 1514, 4095, 4096, 4100, 8191, 8192, 8196, 9014];
  for (let number = 0; number < 300 && !hasEnded; number++) {
    const sent = frame(number, lengths[number % lengths.length] ?? 60);
    sender.write(sent);
    await until(`frame ${number} comes back: ${text}`, () => hasEnded || sender.readable);
    assert.deepEqual(sender.read(), sent, `frame ${number}: ${text}`);
  }
  sender.write(frame(0, 14));
  const { status, message } = await running.exited;
  assert.doesNotMatch(text, /WRONG/);
  assert.deepEqual([status, message], [7, undefined], text);
  for (const line of [
    "magic 336ec578",
    "version 1",
    "arguments one two",
    "ram to 1000000",
    "not ram to 1002000",
    "again 1000000",
    "events",
    "xenstore",
    "sectors 80",
    "disk",
    "mac 02:00:00:ab:00:09",
    "echoed",
  ])
    assert.ok(text.split("\n").includes(line), `${line} in\n${text}`);
  const [, seconds = ""] = /wall (\w+)/.exec(text) ?? [];
  assert.ok(Math.abs(Number.parseInt(seconds, 16) - Date.now() / 1000) < 120, seconds);
});

test("an application that takes events itself, as MirageOS does", async () => {
  const plan = attach(open(link("own-drivers", [], true)), { memMiB: 16 });
  let text = "";
  const console = { write: (data: Uint8Array) => (text += new TextDecoder().decode(data)) };
  const { status } = await run(plan, { engine: "wasm", console }).exited;
  assert.match(text, /^SUCCESS/m);
  assert.equal(status, 0);
});
