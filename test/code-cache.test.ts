// Translated code that an earlier run left: taken where everything is as it was, passed over where anything is not, and
// never with another result.
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { PortableVcpu, VcpuOptions } from "../src/engine/contract.js";
import { accelerate, type Accelerator } from "../src/engine/portable/tiers/accelerator.js";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { isMachineMemory } from "../src/engine/portable/memory/machine-memory.js";
import { codeFolder, codeCacheOf } from "../src/host/any/code-folder.js";
import { load, type Outcome, runBare } from "./bare-machine.js";
import { selfTest, solo5 } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-code-"));
after(() => rmSync(folder, { recursive: true }));

interface Run extends Outcome {
  readonly instructions: bigint;
  /** Instructions that no translated code executed. */
  readonly interpreted: number;
  readonly memory: Uint8Array;
  readonly exported: Uint8Array | undefined;
}

interface How {
  readonly profile?: VcpuOptions["profile"];
  readonly size?: number;
  readonly imported?: Uint8Array | undefined;
  readonly before?: (vcpu: PortableVcpu) => void;
}

/** Everything that runs twice is translated, what an import has is not interpreted. */
function runOnce(file: string, { profile = "plain", size, imported, before }: How = {}): Run {
  let accelerator: Accelerator | undefined;
  let interpreted = 0;
  const vcpu = load(
    file,
    (options) =>
      newInterpreter({ ...options, profile }, (core) => {
        const { run } = core;
        core.run = (limit) => {
          const start = core.executed;
          try {
            run.call(core, limit);
          } finally {
            interpreted += core.executed - start;
          }
        };
        assert.ok(isMachineMemory(options.memory));
        accelerator = accelerate(core, options.memory, { ...options, profile }, { threshold: 2 });
        return accelerator.run;
      }),
    size,
  );
  if (imported !== undefined) accelerator?.importCache(imported);
  before?.(vcpu);
  const outcome = runBare(vcpu);
  const { instructions, memory } = vcpu;
  const exported = accelerator?.exportCache(0);
  // Without the page tables, whose accessed and dirty bits translated code does not set.
  const bytes = memory.bytes(0x1_0000, memory.size - 0x1_0000) ?? new Uint8Array();
  return { ...outcome, instructions, interpreted, memory: bytes, exported };
}

const isSame = (a: Run, b: Run): boolean =>
  a.output === b.output &&
  a.status === b.status &&
  a.instructions === b.instructions &&
  Buffer.compare(a.memory, b.memory) === 0;

const names = ["hello", "globals", "tls", "cxx", "zeropage", "fpu", "exception", "xnow", "ssp"];
for (const profile of ["plain", "replay"] as const) {
  for (const name of names) {
    for (const target of ["hvt", "spt"]) {
      test(`test_${name}.${target} does in the ${profile} profile from a cache what it does without`, () => {
        const file = selfTest(`test_${name}.${target}`);
        let run = runOnce(file, { profile });
        const first = run;
        // What a run adds to what it took is stored with it.
        for (let more = 0; more < 3 && run.exported !== undefined; more++) {
          run = runOnce(file, { profile, imported: run.exported });
          assert.ok(isSame(run, first), run.output);
        }
        // A counted run begins in the interpreter, which keeps floating point's exception flags.
        if (profile === "plain")
          assert.ok(run.interpreted < first.interpreted, `${run.interpreted} of ${first.interpreted}`);
      });
    }
  }
}

const hello = selfTest("test_hello.hvt");
const cold = runOnce(hello);
const bytes = cold.exported ?? new Uint8Array();

/** The bytes with their JSON head changed. */
function withHead(change: (head: string) => string): Uint8Array {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = Buffer.from(change(Buffer.from(bytes.subarray(4, 4 + length)).toString()));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  return Buffer.concat([size, head, bytes.subarray(4 + length)]);
}

const misfits: Readonly<Record<string, () => Uint8Array>> = {
  "of another version": () => withHead((head) => head.replace(/"version":"[^"]*"/, '"version":"another"')),
  "of the other profile": () => withHead((head) => head.replace('"counts":false', '"counts":true')),
  "of another memory size": () => runOnce(hello, { size: 32 << 20 }).exported ?? bytes,
  "of other code": () => runOnce(selfTest("test_fpu.hvt")).exported ?? bytes,
  "with flags kept": () => withHead((head) => head.replace('"version":"', '"version":"7')),
  "with an address that is none": () => withHead((head) => head.replace('"slots":[', '"slots":[-1,')),
  "with numbers for lists": () => withHead((head) => head.replace(/"slots":\[[^\]]*\]/, '"slots":3')),
  "that is empty": () => new Uint8Array(),
  "that is only a module": () => withHead(() => ""),
  "without its module": () => bytes.subarray(0, bytes.length / 2),
  "whose module has a wrong byte": () => {
    const damaged = bytes.slice();
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    damaged[4 + length + 1] = 0x62;
    return damaged;
  },
};
for (const [what, make] of Object.entries(misfits)) {
  test(`a cache ${what} is passed over`, () => {
    const imported = make();
    assert.notDeepEqual(imported, bytes);
    const run = runOnce(hello, { imported });
    assert.ok(isSame(run, cold), run.output);
    assert.equal(run.interpreted, cold.interpreted);
  });
}

test("a cache of pages that have changed since is passed over", () => {
  // Behind the last instruction of .text, on a page with code.
  const change = (vcpu: PortableVcpu) => vcpu.memory.bytes(0x10_1ff8, 8)?.fill(0xcc);
  const [without, run] = [
    runOnce(hello, { before: change }),
    runOnce(hello, { imported: bytes, before: change }),
  ];
  assert.ok(isSame(run, without), run.output);
  assert.equal(run.interpreted, without.interpreted);
});

// The folder.

const key = { unikernel: readFileSync(hello), memoryBytes: 16 << 20 };
const inFolder = (name: string) => join(folder, name);
const onlyFile = (path: string): string => {
  const [name = "", ...others] = readdirSync(path);
  assert.equal(others.length, 0);
  return join(path, name);
};

test("what a folder keeps is its owner's alone, and found for the same version, unikernel and memory only", async () => {
  const path = inFolder("kept");
  assert.equal(codeCacheOf(path, key, "v1")?.bytes, undefined);
  await codeCacheOf(path, key, "v1")?.save(bytes);
  assert.deepEqual(Buffer.from(codeCacheOf(path, key, "v1")?.bytes ?? []), Buffer.from(bytes));
  assert.equal(codeCacheOf(path, key, "v2")?.bytes, undefined);
  assert.equal(codeCacheOf(path, { ...key, memoryBytes: 32 << 20 }, "v1")?.bytes, undefined);
  assert.equal(codeCacheOf(path, { ...key, unikernel: key.unikernel.subarray(1) }, "v1")?.bytes, undefined);
  if (process.platform === "win32") return;
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(onlyFile(path)).mode & 0o777, 0o600);
});

test("a damaged file is none", async () => {
  const path = inFolder("damaged");
  await codeCacheOf(path, key, "v1")?.save(bytes);
  const file = onlyFile(path);
  const content = readFileSync(file);
  for (const at of [0, 31, 32, 40, content.length >> 1, content.length - 1]) {
    const damaged = Buffer.from(content);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    writeFileSync(file, damaged);
    assert.equal(codeCacheOf(path, key, "v1")?.bytes, undefined, `byte ${at}`);
  }
  for (const length of [0, 31, 32, 33, content.length - 1]) {
    writeFileSync(file, content.subarray(0, length));
    assert.equal(codeCacheOf(path, key, "v1")?.bytes, undefined, `${length} bytes`);
  }
});

test("what others could have written is not taken", { skip: process.platform === "win32" }, async () => {
  const path = inFolder("shared");
  await codeCacheOf(path, key, "v1")?.save(bytes);
  for (const [one, mode] of [
    [path, 0o777],
    [onlyFile(path), 0o666],
  ] as const) {
    const before = statSync(one).mode & 0o777;
    chmodSync(one, mode);
    assert.equal(codeCacheOf(path, key, "v1")?.bytes, undefined);
    chmodSync(one, before);
    assert.notEqual(codeCacheOf(path, key, "v1")?.bytes, undefined);
  }
});

test("below /proc, where there are no folders, nothing is kept and nothing hangs", async () => {
  const nowhere = "/proc/no/folder";
  await codeCacheOf(nowhere, key, "v1")?.save(bytes);
  assert.equal(existsSync(nowhere), false);
});

test("a folder that cannot be is no error", async () => {
  const file = inFolder("file");
  writeFileSync(file, "");
  await codeCacheOf(file, key, "v1")?.save(bytes);
  await codeCacheOf(join(file, "below"), key, "v1")?.save(bytes);
  assert.equal(codeCacheOf(join(file, "below"), key, "v1")?.bytes, undefined);
});

test("--cache names the folder or none, and an unstamped build has none", () => {
  assert.equal(codeFolder("none"), undefined);
  assert.equal(codeFolder("somewhere"), "somewhere");
  assert.equal(codeCacheOf(undefined, key, "v1"), undefined);
  assert.equal(codeCacheOf(inFolder("unstamped"), key, "unstamped"), undefined);
});

test("solo5-hvt from a cache, and from a damaged one, prints what it prints without", async () => {
  const path = inFolder("command");
  const run = async (cache: string) => {
    const { status, stdout } = await solo5("solo5-hvt", [
      "--engine=wasm",
      `--cache=${cache}`,
      hello,
      "Hello_Solo5",
    ]);
    return { status, stdout };
  };
  const without = await run("none");
  assert.equal(without.status, 0);
  assert.deepEqual(await run(path), without);
  assert.deepEqual(await run(path), without);
  const file = onlyFile(path);
  writeFileSync(file, readFileSync(file).fill(0, 100, 200));
  assert.deepEqual(await run(path), without);
});
