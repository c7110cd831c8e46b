// The muen machine against a subject that shares nothing with it but docs/abi.md, in every version of the subject info.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { manifestSource } from "../../src/image/manifest-source.js";
import { attach, createSegment, open, run, Solo5Error } from "../../src/index.js";
import { findCompiler } from "../../src/toolchain/compiler.js";
import { compileFlags, linkFlags } from "../../src/toolchain/flags.js";
import {
  freestandingFolder,
  guestOutput,
  includeFolder,
  libFolder,
  linkerScript,
} from "../../src/toolchain/layout.js";
import { projectRoot } from "../project.js";
import { until } from "../until.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-subject-"));
after(() => rmSync(folder, { recursive: true }));

/** Links the subject without any bindings. */
function subject(
  version: number,
  abi: number,
  devices: readonly string[] = ["service0"],
  source = "subject",
): string {
  const { cc, ld, ...compiler } = findCompiler("x86-64");
  const name = (suffix: string): string => join(folder, `${source}-v${version}-abi${abi}${suffix}`);
  const compile = (source: string, object: string, ...more: readonly string[]): void => {
    const headers = { freestanding: freestandingFolder, solo5: includeFolder };
    const flags = [
      ...compileFlags(headers, compiler),
      "-std=gnu99",
      "-O1",
      "-mno-red-zone",
      "-fno-stack-protector",
      ...more,
    ];
    execFileSync(cc[0] ?? "", [...cc.slice(1), ...flags, "-c", source, "-o", object]);
  };
  writeFileSync(
    name("-manifest.c"),
    manifestSource(devices.map((device) => ({ name: device, type: "NET_BASIC" as const }))),
  );
  compile(name("-manifest.c"), name("-manifest.o"));
  compile(join(projectRoot, "test/muen", `${source}.c`), name(".o"), `-DVERSION=${version}`, `-DABI=${abi}`);
  const script = join(libFolder(guestOutput, "x86-64"), linkerScript("muen"));
  execFileSync(ld[0] ?? "", [
    ...ld.slice(1),
    ...linkFlags,
    "-T",
    script,
    name(".o"),
    name("-manifest.o"),
    "-o",
    name(".muen"),
  ]);
  return name(".muen");
}

/** The versions that each ABI has had. docs/abi.md 9.2. */
const versions = [
  [2, 1],
  [3, 2],
  [3, 3],
  [4, 3],
  [5, 4],
] as const;

for (const [version, abi] of versions) {
  test(`a subject of ABI ${abi} with subject info ${version}`, async () => {
    const segment = createSegment();
    const sender = segment.port();
    const plan = attach(open(subject(version, abi)), {
      memMiB: 16,
      args: ["one", "two"],
      net: { service0: { source: { kind: "device", device: segment.port() } } },
    });
    let text = "";
    await using running = run(plan, {
      console: { write: (data) => (text += new TextDecoder().decode(data)) },
    });
    await until("it has told all", () => text.includes("wall seconds"));
    // Bursts of more than the channel holds: nothing of what comes back may be what was not sent.
    let sent = 0;
    let back = 0;
    let hasEnded = false;
    void running.exited.finally(() => (hasEnded = true));
    for (let last = -1; !hasEnded;) {
      for (let i = 0; i < 100; i++) sender.write(frame(sent++));
      await new Promise((resolve) => void setImmediate(resolve));
      for (let got = sender.read(); got !== undefined; got = sender.read(), back++) {
        const number = new DataView(got.buffer, got.byteOffset).getUint32(14, true);
        assert.deepEqual(got, frame(number));
        assert.ok(number > last, `${number} comes after ${last}`);
        last = number;
      }
    }
    const { status, message } = await running.exited;
    assert.deepEqual([status, message], [7, undefined], text);
    assert.ok(back > 2000, `${back} frames came back`);
    const lines = text.split("\n");
    for (const line of [
      "mem_size 0x1000000 arguments one two",
      "service0|in channel r 0x1020000 0x100000",
      "service0|out channel rw 0x1120000 0x100000",
      "debuglog memory rw 0x1000000 0x20000",
      "solo5_exit event 0x1",
      "a frame has time",
      "the next frame is later",
      "echoed all",
    ])
      assert.ok(lines.includes(line), `${line} in\n${text}`);
    const [, seconds = "", rates] = /wall seconds (0x\w+) at (\w+) rate/.exec(text) ?? [];
    assert.equal(rates, "one");
    assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 120, seconds);
  });
}

for (const [version, abi] of versions) {
  test(`the status of a subject of ABI ${abi} with subject info ${version} that keeps quiet`, async () => {
    const unikernel = open(subject(version, abi, [], "quiet"));
    for (const [args, expected] of [
      [["--solo5:quiet", "7"], 7],
      [["--solo5:debug", "--solo5:error", "255"], 255],
      [["--solo5:warn", "0"], 0],
      // It is not quiet, and says nothing: as on Muen, nobody knows.
      [["7"], 0],
      [["1", "--solo5:quiet", "7"], 0],
    ] as const) {
      const { status, message } = await run(attach(unikernel, { memMiB: 16, args }), { console: { write() {} } }).exited; // prettier-ignore
      assert.deepEqual([status, message], [expected, undefined], args.join(" "));
    }
  });
}

/** A frame to everyone with its number, of a length of its own. */
function frame(number: number): Uint8Array {
  const bytes = new Uint8Array(60 + (number % 1400)).fill(number & 0xff);
  bytes.set([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
  new DataView(bytes.buffer).setUint32(14, number, true);
  return bytes;
}

async function refused(file: string, message: RegExp): Promise<void> {
  const unikernel = open(file);
  const net = Object.fromEntries(
    unikernel.devices.map(({ name }) => [
      name,
      { source: { kind: "device", device: createSegment().port() } } as const,
    ]),
  );
  const end = async () => run(attach(unikernel, { memMiB: 16, net }), { console: { write() {} } }).exited;
  await assert.rejects(end, (error) => error instanceof Solo5Error && message.test(error.message));
}

test("a subject info that is not known, and a name that is too long, are said", async () => {
  await refused(subject(1, 1), /wants a subject info version 1, and versions 2 to 5 are known/);
  await refused(
    subject(5, 4, ["n".repeat(60)]),
    /'n{60}\|out' is longer than a channel's name of 63 characters/,
  );
});
