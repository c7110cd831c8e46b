// The drivers of hypervisors over models of them: every self-test of hvt, networks, what goes wrong, and every call that fails once.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseOptions } from "../src/tender/parse-options.js";
import { classicOptions } from "../src/tender/options.js";
import { attachOptions } from "../src/tender/request.js";
import { createPeer, createSegment } from "../src/index.js";
import { selfTest } from "./command.js";
import { unikernelFile } from "./elf-file.js";
import { runOnModel } from "./model/harness.js";
import { hypervisors } from "../src/hypervisor/hypervisors.js";
import { hostSystem, useSystem } from "../src/hypervisor/system.js";
import { freebsdModel, freebsdReleases } from "./model/freebsd.js";
import { models } from "./model/models.js";
import { openbsdModel, openbsdReleases } from "./model/openbsd.js";
import { ModelError, newModelSystem, type ModelDevices, type ModelProcess } from "./model/system.js";
import { checkOutcome, netTests, newDisk, selfTests } from "./self-tests.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));

/** What takes seconds and is the same on all releases of a system is done on these. */
const thorough: ReadonlySet<string> = new Set(["KVM", "FreeBSD 14.1", "OpenBSD 7.8"]);

for (const { name, driver, make, expect } of models) {
  for (const row of selfTests) {
    const { options = () => [], args = [], status } = row;
    if (status.hvt === undefined || (row.name === "time" && !thorough.has(name))) continue;
    test(`${name}: ${row.name} ${options("DISK").join(" ")}`, async () => {
      const system = newModelSystem(make);
      const { given } = parseOptions([...options(newDisk(folder))], classicOptions);
      const outcome = await runOnModel(driver, system, selfTest(`test_${row.name}.hvt`), {
        ...attachOptions(given, args),
        memMiB: 16,
      });
      checkOutcome(expect(row), "hvt", outcome);
      system.assertNothingLeft();
    });
  }

  for (const row of netTests) {
    test(`${name}: ${row.name}`, async () => {
      const system = newModelSystem(make);
      const segment = createSegment();
      createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
      const net = Object.fromEntries(
        row.nics.map((nic) => [nic, { source: { kind: "device" as const, device: segment.port() } }]),
      );
      const outcome = await runOnModel(driver, system, selfTest(`test_${row.name}.hvt`), { net });
      checkOutcome(expect(row), "hvt", outcome);
      system.assertNothingLeft();
    });
  }
}

for (const { name, driver, make } of models) {
  test(`${name}: what the guest does wrong`, async () => {
    const cases: readonly (readonly [code: readonly number[], says: RegExp])[] = [
      // mov dx, 0x700; out dx, eax
      [[0x66, 0xba, 0x00, 0x07, 0xef], /^Invalid guest port access: port=0x700$/],
      // in al, 0x60
      [[0xe4, 0x60], /^Invalid guest port access: port=0x60$/],
      // mov dx, 0x502; mov eax, 0xfffffff0; out dx, eax
      [[0x66, 0xba, 0x02, 0x05, 0xb8, 0xf0, 0xff, 0xff, 0xff, 0xef], /^Invalid guest access: gpa=0xfffffff0, sz=16$/],
      // hlt
      [[0xf4], /unhandled exit: exit(?:_reason=0x5|code=14), rip=0x10000[01]$|VMM_IOC_RUN failed: Input/],
      // lidt of nothing; ud2: a triple fault
      [[0x0f, 0x01, 0x1c, 0x25, 0, 0, 0x20, 0, 0x0f, 0x0b], /unhandled exit: exit(?:_reason=0x8|code=14|_reason=0x(?:2|7f) \(triple fault\))/],
    ]; // prettier-ignore
    for (const [code, says] of cases) {
      const system = newModelSystem(make);
      const text = { type: 1, flags: 5, vaddr: 0x100000n, data: Uint8Array.from(code) };
      const { stderr, status } = await runOnModel(
        driver,
        system,
        unikernelFile({ target: 1, headers: [text] }),
      );
      assert.match(stderr, says);
      assert.equal(status, 1);
      system.assertNothingLeft();
    }
  });

  test(`${name}: whatever call fails, there is one line and nothing is left`, async () => {
    const clean = newModelSystem(make);
    const kernel = selfTest("test_quiet.hvt");
    const args = ["--solo5:quiet"];
    assert.equal((await runOnModel(driver, clean, kernel, { args })).status, 0);
    // Those of the first run are the last that anybody could be without.
    const count = Math.min(clean.calls.length, 60);
    for (let at = 1; at <= count; at++) {
      const errors = errorsOf(clean.calls[at - 1] ?? "");
      for (const error of thorough.has(name) ? errors : errors.slice(0, 1)) {
        const system = newModelSystem(make, { fault: { at, error } });
        const { stderr, status } = await runOnModel(driver, system, kernel, { args });
        const what = `${clean.calls[at - 1]} (${at}): ${error}: ${stderr}`;
        system.assertNothingLeft();
        if (status === 0) continue;
        assert.equal(status, 1, what);
        assert.doesNotMatch(stderr, /\n/, what);
        assert.match(stderr, /^(?:(?:KVM|vmm|mprotect|mmap|memfd_create|cannot (?:map|open)|there is no|no permission|\/dev\/kvm (?:has|speaks))\b|host\/guest translation fault: rip=)/, what); // prettier-ignore
      }
    }
  });
}

test("releases whose layout is not known, and rights that are missing, are told with the way out", () => {
  const freebsd =
    (date: number, more: Partial<ModelDevices> = {}) =>
    (process: ModelProcess) => {
      const [first] = Object.values(freebsdReleases);
      assert.ok(first !== undefined);
      return { ...freebsdModel({ ...first, date })(process), ...more };
    };
  const openbsd =
    (release: string, more: Partial<ModelDevices> = {}) =>
    (process: ModelProcess) => {
      const [first] = openbsdReleases;
      assert.ok(first !== undefined);
      return { ...openbsdModel(first)(process), release, ...more };
    };
  const raise = (error: string): never => {
    throw new ModelError(error);
  };
  const denied = {
    open() {
      throw new ModelError("EACCES");
    },
  };
  for (const [driver, make, says] of [
    [
      "freebsd-vmm",
      freebsd(1204000),
      /^the layouts of FreeBSD 12 \(osreldate 1204000\) are not known, those of 13 to 15 are: --engine=wasm$/,
    ],
    ["freebsd-vmm", freebsd(1600012), /^the layouts of FreeBSD 16 \(osreldate 1600012\) are not known/],
    ["freebsd-vmm", freebsd(1400097, { isRoot: false }), /^only root makes virtual machines here: sudo$/],
    [
      "freebsd-vmm",
      freebsd(1500068, denied),
      /^cannot open \/dev\/vmmctl: .*: this needs root, or the group vmm$/,
    ],
    [
      "freebsd-vmm",
      freebsd(1302001, {
        sysctl: (name, old) =>
          name === "kern.osreldate" ? (old?.set([0xf1, 0xdd, 0x13, 0]), 4) : raise("ENOENT"),
      }),
      /^vmm is not loaded: kldload vmm$/,
    ],
    ["freebsd-vmm", freebsd(1302001), undefined],
    [
      "openbsd-vmm",
      openbsd("7.5"),
      /^the layouts of OpenBSD 7.5 are not known, those of 7.6 to 7.9 are: --engine=wasm$/,
    ],
    ["openbsd-vmm", openbsd("8.0"), /^the layouts of OpenBSD 8.0 are not known/],
    ["openbsd-vmm", openbsd("7.7", denied), /^no permission for \/dev\/vmm: need root privileges$/],
    ["kvm", () => ({ ...denied }), /^no permission for \/dev\/kvm: join its group/],
    ["openbsd-vmm", openbsd("7.7"), undefined],
  ] as const) {
    // prettier-ignore
    const system = newModelSystem(make);
    useSystem(system);
    try {
      const reason = hypervisors[driver].unsupportedReason(true);
      if (says === undefined) assert.equal(reason, undefined);
      else assert.match(reason ?? "", says);
      system.assertNothingLeft();
    } finally {
      useSystem(hostSystem);
    }
  }
});

test("a kernel that answers in another layout than its release's is refused", async () => {
  // What 7.8 has, under the name of 7.7, and the other way round.
  for (const [release, other] of [
    ["7.7", "7.8"],
    ["7.8", "7.7"],
  ] as const) {
    // prettier-ignore
    const found = openbsdReleases.find((one) => one.release === other);
    assert.ok(found !== undefined);
    const system = newModelSystem(openbsdModel({ ...found, release, isLenient: true }));
    const outcome = await runOnModel(hypervisors["openbsd-vmm"], system, selfTest("test_hello.hvt"));
    assert.match(
      outcome.stderr,
      /^vmm: the kernel answers in another layout than its release is known for: /,
    );
    assert.equal(outcome.status, 1);
    system.assertNothingLeft();
  }
});

/** What the manual pages have: ioctl(2), open(2), mmap(2), and the devices' own. */
function errorsOf(call: string): readonly string[] {
  if (call.startsWith("open")) return ["EACCES", "EPERM", "ENOENT", "ENXIO", "EMFILE", "ENOMEM"];
  if (call.startsWith("sysctl")) return ["ENOENT", "EPERM", "EINVAL", "ENOMEM", "EEXIST"];
  if (call.startsWith("ioctl"))
    return ["EPERM", "EINVAL", "ENOMEM", "EBUSY", "EINTR", "EIO", "EFAULT", "ENOTTY"];
  return ["ENOMEM", "EACCES", "EINVAL", "EMFILE"];
}
