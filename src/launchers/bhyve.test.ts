// bhyve's command lines against bhyve(8), and what they refuse.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bhyveCommands } from "./bhyve.js";
import type { VirtioMachine } from "./machine.js";

const machine: VirtioMachine = {
  kernel: "/k/net.virtio",
  args: ["limit", "it's a,b", "$HOME"],
  memory: "64",
  devices: [
    { kind: "net", interface: "tap0", mtu: 1400 },
    { kind: "net", interface: "tap1" },
    { kind: "block", path: "/disks/a" },
  ],
};

test("the commands for a machine", () => {
  const commands = bhyveCommands(machine, 7);
  assert.deepEqual(commands.load, ["grub-bhyve", "-M", "64", "vm7"]);
  // GRUB drops the file's name, so that a placeholder is the first word, which the bindings skip.
  assert.equal(commands.script, `multiboot /k/net.virtio placeholder limit 'it'\\''s a,b' '$HOME'\nboot\n`);
  assert.equal(
    commands.run.join(" "),
    "bhyve -u -m 64 -H -s 0:0,hostbridge -s 1:0,lpc -l com1,/dev/nmdm7B" +
      " -s 2:0,virtio-net,tap0,mtu=1400 -s 3:0,virtio-net,tap1 -s 4:0,virtio-blk,/disks/a vm7",
  );
  assert.deepEqual(commands.console, ["cat", "/dev/nmdm7A"]);
  assert.deepEqual(commands.destroy, ["bhyvectl", "--destroy", "--vm=vm7"]);
});

test("what has no notation is refused", () => {
  const comma = { ...machine, devices: [{ kind: "block", path: "/a,b" }] } as const;
  assert.throws(() => bhyveCommands(comma, 7), { code: "BHYVE", message: /with a comma: \/a,b$/ });
  assert.throws(() => bhyveCommands({ ...machine, args: ["a\nboot"] }, 7), { code: "BHYVE" });
});
