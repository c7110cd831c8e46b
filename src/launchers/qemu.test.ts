// QEMU's command lines, as docs/abi.md 5.4 has the reference's, and what the shell is shown of them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import * as fc from "fast-check";
import { needs } from "../../test/needs.js";
import type { VirtioMachine } from "./machine.js";
import { doublesCommas, needsDescriptor, qemuCommand } from "./qemu.js";
import { shellLine } from "./shell.js";

const machine: VirtioMachine = { kernel: "/k/hello.virtio", args: [], memory: "128", devices: [] };
const tcg = { kvm: false, commasAreDoubled: false } as const;
const common =
  "-m 128 -nodefaults -machine acpi=off -display none -serial stdio -device isa-debug-exit -kernel /k/hello.virtio";

test("without devices", () => {
  assert.equal(qemuCommand(machine, tcg).join(" "), `qemu-system-x86_64 -cpu Westmere ${common}`);
  const kvm = qemuCommand(machine, { ...tcg, kvm: true });
  assert.equal(kvm.join(" "), `qemu-system-x86_64 -cpu host -enable-kvm ${common}`);
});

test("devices take the slots from 2 on, in their order", () => {
  const command = qemuCommand(
    {
      ...machine,
      devices: [
        { kind: "net", interface: "tap0", mtu: 9000 },
        { kind: "block", path: "/a,b/c d" },
        ...Array.from({ length: 14 }, () => ({ kind: "net", interface: "tap1" }) as const),
      ],
    },
    tcg,
  );
  const from = command.indexOf("stdio") + 1;
  assert.deepEqual(command.slice(from, from + 8), [
    "-device",
    "virtio-net,netdev=n2,addr=0x2,bus=pci.0,host_mtu=9000",
    "-netdev",
    "tap,id=n2,ifname=tap0,script=no,downscript=no",
    "-drive",
    "id=drive3,file=/a,,b/c d,if=none,format=raw",
    "-device",
    "virtio-blk,drive=drive3,addr=0x3,bus=pci.0",
  ]);
  assert.ok(command.includes("virtio-net,netdev=n17,addr=0x11,bus=pci.0"));
});

test("arguments are one text, with commas as that QEMU wants them", () => {
  const given = { ...machine, args: ["a,b", "c d"] };
  assert.equal(qemuCommand(given, tcg).at(-1), "a,b c d");
  assert.equal(qemuCommand(given, { ...tcg, commasAreDoubled: true }).at(-1), "a,,b c d");
  assert.equal(doublesCommas("QEMU emulator version 2.11.1(Debian 1:2.11)"), true);
  assert.equal(doublesCommas("QEMU emulator version 7.2.22 (Debian 1:7.2)"), false);
  assert.equal(doublesCommas("something else"), false);
});

test("a path with a space is handed over open", () => {
  const spaced = { ...machine, kernel: "/k/a b" };
  assert.equal(needsDescriptor(spaced), true);
  assert.equal(needsDescriptor(machine), false);
  assert.equal(qemuCommand(spaced, tcg).at(-1), "/dev/fd/3");
});

test("a shell takes a shown command apart again", { skip: needs.program("sh") }, () => {
  const word = fc.string({ minLength: 0, maxLength: 12, unit: "grapheme-ascii" });
  const unusual = ["", "'", "a'b", "$x", "`x`", "a b", "\\", "a\nb", "-n", "*"];
  fc.assert(
    fc.property(
      fc.array(fc.oneof(word, fc.constantFrom(...unusual)), { minLength: 1, maxLength: 5 }),
      (words) => {
        const seen = execFileSync("sh", ["-c", `for a in ${shellLine(words)}; do printf '%s\\0' "$a"; done`]);
        assert.deepEqual(seen.toString().split("\0").slice(0, -1), words);
      },
    ),
    { numRuns: 50 },
  );
});
