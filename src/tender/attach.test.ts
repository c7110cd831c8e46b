// From options to a plan, and every mistake that a user can make in them. docs/abi.md 6.2.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as make from "../../test/elf-file.js";
import { result } from "../abi/start.js";
import { createSegment } from "../net/segment.js";
import { readUnikernel } from "../image/unikernel.js";
import { attach, isBlockSize, type AttachOptions, type HostDevices } from "./attach.js";

const MiB = 2 ** 20;
const kernel = (fields: Parameters<typeof make.unikernelFile>[0] = {}) =>
  readUnikernel(make.unikernelFile(fields), "f");
const plain = kernel({ target: 1 });
const withDevices = kernel({
  devices: [
    ["n", 2],
    ["b", 1],
  ],
});
/** A host whose disk has `size` bytes; it notes what it is asked. */
function host(size = 8192n): HostDevices & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    netMtu: (source) => {
      if (source.kind === "device") return source.device.mtu;
      asked.push(source.kind);
      return 1400;
    },
    blockSize: (path) => {
      asked.push(path);
      return size;
    },
  };
}
const net = { source: { kind: "tap", interface: "tap0" } } as const;
const block = { source: { kind: "file", path: "disk" } } as const;
const both: AttachOptions = { net: { n: net }, block: { b: block } };
const refuses = (
  options: AttachOptions,
  code: string,
  message: string,
  { on = withDevices, size = 8192n } = {},
): void => assert.throws(() => attach(on, options, host(size)), { name: "Solo5Error", code, message });

test("a plan has every declared device by handle, and what was left open filled in", () => {
  const { memSize, cmdline, devices, execHeap } = attach(withDevices, both, host());
  assert.deepEqual({ memSize, cmdline, execHeap }, { memSize: 512 * MiB, cmdline: "", execHeap: false });
  assert.deepEqual(devices, [
    { name: "n", type: "NET_BASIC", handle: 1, ...net, mtu: 1400 },
    { name: "b", type: "BLOCK_BASIC", handle: 2, ...block, blockSize: 512, capacity: 8192n },
  ]);
});

test("arguments are joined by single spaces, and end in time", () => {
  assert.equal(attach(plain, { args: ["a", "", "b c"] }, host()).cmdline, "a  b c");
  assert.equal(attach(plain, { args: ["x".repeat(8191)] }, host()).cmdline.length, 8191);
  const tooLong = "Guest command line too long (max=8191 characters)";
  refuses({ args: ["x".repeat(8192)] }, "CMDLINE", tooLong, { on: plain });
  refuses({ args: ["x".repeat(8190), "", ""] }, "CMDLINE", tooLong, { on: plain });
  refuses({ args: ["é".repeat(4096)] }, "CMDLINE", tooLong, { on: plain });
  refuses({ args: ["a\0b"] }, "CMDLINE", "Guest command line contains a NUL character", { on: plain });
});

test("memory", () => {
  assert.equal(attach(plain, { memMiB: 2 }, host()).memSize, 2 * MiB);
  assert.equal(attach(plain, { memMiB: 4096 }, host()).memSize, 2 ** 32);
  for (const memMiB of [0, -1, 1.5, NaN])
    refuses({ memMiB }, "MEMORY", "Malformed argument to --mem", { on: plain });
  refuses(
    { memMiB: 4097 },
    "MEMORY",
    "guest memory size 4296015872 bytes exceeds the max size 4294967296 bytes",
    {
      on: plain,
    },
  );
});

test("memory of a process may be larger", () => {
  const process = kernel({ target: 2 });
  assert.equal(attach(process, { memMiB: 20_000 }, host()).memSize, 20_000 * MiB);
  refuses(
    { memMiB: 2 ** 26 + 1 },
    "MEMORY",
    "guest memory size 70368745226240 bytes exceeds the max size 70368744177664 bytes",
    { on: process },
  );
});

test("memory must hold the whole unikernel, .bss included", () => {
  const bss = (memsz: bigint) =>
    kernel({
      headers: [make.hltText, { type: make.ptLoad, flags: make.pf.rw, vaddr: 0x101000n, memsz }],
    });
  assert.equal(attach(bss(0xfe000n), { memMiB: 2 }, host()).memSize, 2 * MiB);
  const small = (end: string, size: number): string =>
    `f: the unikernel ends at ${end}, its .bss included: guest memory of ${size} bytes is too small, see --mem`;
  refuses({ memMiB: 2 }, "MEMORY", small("0x200000", 2 * MiB), { on: bss(0xff000n) });
  refuses({ memMiB: 1 }, "MEMORY", small("0x101000", MiB), { on: kernel({ target: 2 }) });
  // A virtual machine's memory is whole units of 2 MiB, and one at least.
  assert.equal(attach(plain, { memMiB: 1 }, host()).memSize, MiB);
  refuses({ memMiB: 4096 }, "MEMORY", small("0x20000000101000", 2 ** 32), { on: bss(2n ** 53n - 1n) });
});

test("devices that are not declared, or not attached", () => {
  const undeclared = (name: string): string => `Resource not declared in manifest: '${name}'`;
  refuses({ ...both, net: { n: net, x: net } }, "NOT_DECLARED", undeclared("x"));
  refuses({ ...both, block: { b: block, x: block } }, "NOT_DECLARED", undeclared("x"));
  refuses({ net: { b: net } }, "NOT_DECLARED", undeclared("b"));
  refuses({ net: { n: net } }, "NOT_DECLARED", undeclared("n"), { on: plain });
  const all = "All declared devices must be attached. See --help for syntax.";
  refuses(
    { net: { n: net } },
    "NOT_ATTACHED",
    `Device 'b' of type BLOCK_BASIC declared but not attached.\n${all}`,
  );
  refuses(
    {},
    "NOT_ATTACHED",
    `Device 'n' of type NET_BASIC declared but not attached.\nDevice 'b' of type BLOCK_BASIC declared but not attached.\n${all}`,
  );
});

test("the host is asked only when the names are right", () => {
  const asked = host();
  assert.throws(() => attach(withDevices, { net: { n: net } }, asked));
  assert.deepEqual(asked.asked, []);
  attach(withDevices, both, asked);
  assert.deepEqual(asked.asked, ["tap", "disk"]);
});

test("a device may be called what objects already have", () => {
  const on = kernel({ devices: [["toString", 2]] });
  assert.throws(
    () => attach(on, {}, host()),
    /Device 'toString' of type NET_BASIC declared but not attached/,
  );
  assert.equal(attach(on, { net: { toString: net } as never }, host()).devices[0]?.name, "toString");
});

test("disks are whole numbers of blocks, one at least", () => {
  const sized = (blockSize: number): AttachOptions => ({ ...both, block: { b: { ...block, blockSize } } });
  const align = (n: number): string => `b: Backing storage size must be block aligned (${n} bytes)`;
  const small = (n: number): string => `b: Backing storage must be at least 1 block (${n} bytes) in size`;
  refuses(sized(512), "BLOCK_ALIGN", align(512), { size: 1000n });
  refuses(sized(4096), "BLOCK_ALIGN", align(4096), { size: 6144n });
  refuses(sized(512), "BLOCK_SMALL", small(512), { size: 0n });
  refuses(sized(512), "BLOCK_SMALL", small(512), { size: 511n });
  refuses(sized(4096), "BLOCK_SMALL", small(4096), { size: 4095n });
  const rule = "Block size must be a multiple of 2 greater than or equal 512";
  for (const blockSize of [0, 511, 513, 512.5, 1536, 3072, 65534, 0x10000]) {
    refuses(sized(blockSize), "BLOCK_SIZE", rule);
    const device = {
      capacity: BigInt(2 ** 40 * 1536),
      blockSize,
      read: () => result.ok,
      write: () => result.ok,
      close() {},
    };
    refuses({ ...both, block: { b: { source: { kind: "device", device } } } }, "BLOCK_SIZE", rule);
  }
  // Bindings find the offset in a sector by a mask: what a mask cannot do is no size.
  const bits = Array.from({ length: 16 }, (_, bit) => 1 << bit);
  const byMask = (size: number): boolean => bits.every((at) => (at & (size - 1)) === at % size);
  for (let size = 512; size <= 0xffff; size++) assert.equal(isBlockSize(size), byMask(size), String(size));
  const [, disk] = attach(withDevices, sized(4096), host(2n ** 50n)).devices;
  assert.equal(disk?.type === "BLOCK_BASIC" ? disk.capacity : 0n, 2n ** 50n);
});

test("devices as objects bring their own sizes", () => {
  const segment = createSegment({ mtu: 9000 });
  const disk = {
    capacity: 4096n,
    blockSize: 2048,
    read: () => result.ok,
    write: () => result.ok,
    close: () => {},
  };
  const asked = host();
  const { devices } = attach(
    withDevices,
    {
      net: { n: { source: { kind: "device", device: segment.port() } } },
      block: { b: { source: { kind: "device", device: disk } } },
    },
    asked,
  );
  const [n, b] = devices;
  assert.equal(n?.type === "NET_BASIC" ? n.mtu : 0, 9000);
  assert.deepEqual(b?.type === "BLOCK_BASIC" ? [b.blockSize, b.capacity] : [], [2048, 4096n]);
  assert.deepEqual(asked.asked, []);
});

test("hardware addresses have six bytes", () => {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  assert.deepEqual(attach(withDevices, { ...both, net: { n: { ...net, mac } } }, host()).devices[0], {
    name: "n",
    type: "NET_BASIC",
    handle: 1,
    mtu: 1400,
    mac,
    ...net,
  });
  refuses(
    { ...both, net: { n: { ...net, mac: mac.subarray(1) } } },
    "MAC",
    "Device 'n': a hardware address has 6 bytes, not 5",
  );
});
