// Component specifications for Muen's policy. Witness: readelf, for what the unikernel's segments are.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { selfTest, solo5 } from "../command.js";
import { needs } from "../needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-component-"));
after(() => rmSync(folder, { recursive: true }));

const gencspec = (...args: readonly string[]) => solo5("solo5-muen-gencspec", args);
/** 16#0010_0000# is Ada's for 0x100000. */
const number = (text = ""): number => Number.parseInt(text.slice(3, -1).replaceAll("_", ""), 16);
const attribute = (line: string, name: string): string =>
  new RegExp(`${name}="([^"]*)"`).exec(line)?.[1] ?? "";

test("regions, registers and channels of a component", { skip: needs.program("readelf") }, async () => {
  const kernel = selfTest("test_net_2if.muen");
  const spec = join(folder, "net.xml");
  assert.deepEqual(await gencspec("--ram=64", "--channel-size", "0x200000", kernel, spec), {
    stdout: "",
    stderr: "",
    status: 0,
  });
  const xml = readFileSync(spec, "utf8");
  const headers = execFileSync("readelf", ["-hlW", kernel], { encoding: "utf8" });
  const loads = [...headers.matchAll(/LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) ([RWE ]{3})/g)]
    .map(([, ...fields]) => fields)
    .filter(([, , , memsz]) => Number(memsz) > 0);
  const memories = [...xml.matchAll(/<memory [^>]*>\s*<(?:file|fill) [^>]*>/g)].map(([text]) => text);
  assert.equal(memories.length, loads.length + 1, xml);
  const file = readFileSync(kernel);
  let end = 0;
  for (const [i, [offset, vaddr, filesz, memsz, flags = ""]] of loads.entries()) {
    const text = memories[i] ?? "";
    end = Math.ceil((Number(vaddr) + Number(memsz)) / 4096) * 4096;
    assert.equal(number(attribute(text, "virtualAddress")), Number(vaddr));
    assert.equal(number(attribute(text, "size")), end - Number(vaddr));
    assert.deepEqual(
      [attribute(text, "executable"), attribute(text, "writable")],
      [String(flags.includes("E")), String(flags.includes("W"))],
    );
    if (Number(filesz) === 0) {
      assert.match(text, /<fill pattern="16#00#"/);
      continue;
    }
    const bytes = readFileSync(join(folder, attribute(text, "filename")));
    const own = Buffer.alloc(end - Number(vaddr));
    file.copy(own, 0, Number(offset), Number(offset) + Number(filesz));
    const entry = Number(/Entry point address: +(0x\w+)/.exec(headers)?.[1]);
    // The interpreter, before the entry.
    if (flags.includes("E")) own.fill(0x90, 0, entry - Number(vaddr));
    assert.ok(bytes.equals(own), attribute(text, "filename"));
    if (flags.includes("E")) assert.equal(number(/<rip>(.*)<\/rip>/.exec(xml)?.[1]), entry);
  }
  const ram = memories.at(-1) ?? "";
  assert.equal(number(attribute(ram, "virtualAddress")), end);
  const ramEnd = end + (64 << 20);
  assert.equal(number(/<rsp>(.*)<\/rsp>/.exec(xml)?.[1]), ramEnd - 8);
  assert.equal(number(/<rdi>(.*)<\/rdi>/.exec(xml)?.[1]), 0x1000);
  const channels = [
    ...xml.matchAll(/<(reader|writer) logical="([^"]*)" size="([^"]*)" virtualAddress="([^"]*)"/g),
  ];
  assert.deepEqual(
    channels.map(([, kind, name, size, address]) => [kind, name, number(size), number(address)]),
    ["service0|in", "service0|out", "service1|in", "service1|out"].map((name, i) => [
      name.endsWith("in") ? "reader" : "writer",
      name,
      0x200000,
      ramEnd + i * 0x200000,
    ]),
  );
});

test("what is no component is refused with a line", async () => {
  const spec = join(folder, "none.xml");
  const hvt = selfTest("test_hello.hvt");
  const wrong = await gencspec(hvt, spec);
  assert.deepEqual(
    [wrong.stderr, wrong.status],
    [`solo5-muen-gencspec: ${hvt}: is for the hvt target, not for muen\n`, 1],
  );
  for (const args of [
    ["--ram=0", "a", "b"],
    ["--channel-size", "1000", "a", "b"],
    ["a"],
    ["--what", "a", "b"],
  ]) {
    const { stderr, status } = await gencspec(...args);
    assert.match(stderr, /usage: solo5-muen-gencspec/);
    assert.equal(status, 1);
  }
});
