// The command line of solo5-virtio-run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bestHypervisor } from "./hypervisor.js";
import { parseVirtioRun } from "./run-options.js";

const defaults = { hypervisor: "best", memory: "128", devices: [], quiet: false, args: [] };

test("options, joined or not, then the unikernel and what is its own", () => {
  assert.deepEqual(parseVirtioRun(["k"]), { ...defaults, kernel: "k" });
  assert.deepEqual(parseVirtioRun("-qm64 -H kvm -n tap0:9000 -d disk -ntap1 k -q --x".split(" ")), {
    hypervisor: "kvm",
    memory: "64",
    quiet: true,
    devices: [
      { kind: "net", interface: "tap0", mtu: 9000 },
      { kind: "block", path: "disk" },
      { kind: "net", interface: "tap1" },
    ],
    kernel: "k",
    args: ["-q", "--x"],
  });
});

test("one -- ends the options, before the unikernel or behind it", () => {
  assert.deepEqual(parseVirtioRun(["-q", "--", "-k", "--", "a"]), {
    ...defaults,
    quiet: true,
    kernel: "-k",
    args: ["--", "a"],
  });
  assert.deepEqual(parseVirtioRun(["k", "--", "--solo5:quiet", "--"]).args, ["--solo5:quiet", "--"]);
});

test("what is malformed is said", () => {
  const refused = (given: string, message: string): void =>
    assert.throws(() => parseVirtioRun(given.split(" ")), { code: "USAGE", message });
  assert.throws(() => parseVirtioRun([]), { code: "USAGE", message: "" });
  refused("-m", "error: option requires an argument: -m");
  refused("-x k", "error: unknown option: -x");
  refused("--help", "error: unknown option: --");
  refused("-m 0 k", "error: malformed memory size: 0");
  refused("-m x k", "error: malformed memory size: x");
  refused("-H xen k", "error: unknown hypervisor: xen");
  refused("-n tap0:9 k", "error: malformed MTU: tap0:9");
  refused("-n tap0: k", "error: malformed MTU: tap0:");
});

test("the best hypervisor: KVM only on a CPU with virtualisation", () => {
  const host = {
    platform: "linux",
    arch: "x64",
    canOpenKvm: () => true,
    cpuinfo: () => "processor\t: 0\nflags\t\t: fpu vmx sse\n",
  };
  assert.equal(bestHypervisor(host), "kvm");
  assert.equal(bestHypervisor({ ...host, cpuinfo: () => "flags\t: fpu svm\n" }), "kvm");
  assert.equal(bestHypervisor({ ...host, cpuinfo: () => "flags\t: fpu xvmxx sse\n" }), "qemu");
  assert.equal(bestHypervisor({ ...host, canOpenKvm: () => false }), "qemu");
  assert.equal(bestHypervisor({ ...host, arch: "arm64" }), "qemu");
  assert.equal(bestHypervisor({ ...host, platform: "freebsd" }), "bhyve");
  assert.throws(() => bestHypervisor({ ...host, platform: "darwin" }), { code: "HYPERVISOR" });
});
