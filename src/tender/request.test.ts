// From the options of a command line to what attach takes. docs/abi.md 6.1.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sptOptions } from "./options.js";
import { parseOptions } from "./parse-options.js";
import { attachOptions } from "./request.js";

const request = (options: readonly string[], args: readonly string[] = []) =>
  attachOptions(parseOptions([...options, "k"], sptOptions).given, args);
const refuses = (code: string, message: string, ...options: readonly string[]): void =>
  assert.throws(() => request(options), { name: "Solo5Error", code, message });

test("nothing said is nothing requested", () => {
  const { memMiB, execHeap, net, block } = request([]);
  assert.deepEqual({ memMiB, execHeap }, { memMiB: undefined, execHeap: false });
  assert.deepEqual([Object.keys(net ?? {}), Object.keys(block ?? {})], [[], []]);
});

test("every option finds its place, in any order", () => {
  const { memMiB, execHeap, args, net, block } = request(
    [
      "--net-mac:n=02:ab:CD:03:04:05",
      "--net:n=tap0",
      "--net-dump:n=f.pcap",
      "--net:m=@7",
      "--mem=64",
      "--block-sector-size:b=4096",
      "--block:b=disk",
      "--x-exec-heap",
    ],
    ["a", "b"],
  );
  assert.deepEqual({ memMiB, execHeap, args }, { memMiB: 64, execHeap: true, args: ["a", "b"] });
  assert.deepEqual(
    { ...net },
    {
      n: {
        source: { kind: "tap", interface: "tap0" },
        mac: Uint8Array.of(2, 0xab, 0xcd, 3, 4, 5),
        dump: "f.pcap",
      },
      m: { source: { kind: "descriptor", fd: 7 } },
    },
  );
  assert.deepEqual({ ...block }, { b: { source: { kind: "file", path: "disk" }, blockSize: 4096 } });
});

test("a device may be called what objects already have", () => {
  for (const name of ["constructor", "toString", "valueOf", "hasOwnProperty"]) {
    const { net } = request([`--net:${name}=tap0`, `--net-mac:${name}=02:00:00:00:00:01`]);
    assert.deepEqual(Object.keys(net ?? {}), [name]);
    assert.equal(net?.[name]?.mac?.[5], 1);
  }
});

test("the last --mem counts", () => {
  assert.equal(request(["--mem=2", "--mem=3"]).memMiB, 3);
});

test("memory that is no number of MiB", () => {
  for (const value of ["0", "-1", "1.5", "2M", "0x10", " 2", "00", "1e3", "9999999999"])
    refuses("MEMORY", "Malformed argument to --mem", `--mem=${value}`);
});

test("sector sizes", () => {
  const rule = "Block size must be a multiple of 2 greater than or equal 512";
  for (const value of [
    "0",
    "511",
    "513",
    "514",
    "1536",
    "256",
    "65536",
    "0x200",
    "1e3",
    "512 ",
    "-512",
    "x",
  ]) {
    const option = `--block-sector-size:b=${value}`;
    refuses("INVALID_OPTION", `${rule}\nInvalid option: \`${option}'`, option);
  }
  for (const value of [512, 1024, 4096, 32768]) {
    const { block } = request([`--block-sector-size:b=${value}`, "--block:b=x"]);
    assert.equal(block?.["b"]?.blockSize, value);
  }
});

test("hardware addresses have six bytes", () => {
  for (const value of [
    "02:00:00:00:00",
    "02:00:00:00:00:00:00",
    "2:0:0:0:0:0",
    "02-00-00-00-00-00",
    "0g:00:00:00:00:00",
  ])
    refuses(
      "INVALID_OPTION",
      `Invalid option: \`--net-mac:n=${value}'`,
      "--net:n=tap0",
      `--net-mac:n=${value}`,
    );
});

test("nothing is said twice of one device, and nothing of a device that is not attached", () => {
  for (const option of [
    "net:n=tap0",
    "net-mac:n=02:00:00:00:00:01",
    "net-dump:n=f",
    "block:n=f",
    "block-sector-size:n=512",
  ])
    refuses("TWICE", `Option --${option.split("=")[0]} is given twice`, `--${option}`, `--${option}`);
  for (const option of ["net-mac:n=02:00:00:00:00:01", "net-dump:n=f", "block-sector-size:n=512"])
    refuses("NOT_ATTACHED", "Device 'n' has options, but is not attached itself", `--${option}`);
});

test("networks are read by their schemes; a tap may be called as another scheme is", () => {
  const { net } = request(["--net:a=segment:lan/10.0.0.1", "--net:b=tap:user", "--net:c=@5", "--net:d=@x"]);
  assert.deepEqual(
    ["a", "b", "c", "d"].map((name) => net?.[name]?.source),
    [
      { kind: "segment", segment: "lan", peer: "10.0.0.1" },
      { kind: "tap", interface: "user" },
      { kind: "descriptor", fd: 5 },
      { kind: "tap", interface: "@x" },
    ],
  );
});
