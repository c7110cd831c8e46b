// A model of /dev/kvm for x86-64, written down from linux/kvm.h and asm/kvm.h, apart from the driver: numbers of requests, sizes and
// offsets are literals here.
import assert from "node:assert/strict";
import { counterHz, newMachine, type Machine, type MachineExit, type Watch } from "./machine.js";
import { structure, view } from "./structures.js";
import { ModelError, type ModelDevices, type ModelFile, type ModelProcess } from "./system.js";

const none = (arg: Uint8Array | number): void => assert.equal(arg, 0);

const runSize = 0x3000;
/** struct kvm_run. */
const immediateExit = 1;
const exitReason = 8;
const exitUnion = 32;
/** Where the data of I/O lies in it. */
const ioData = 0x1000;
const reasons = { io: 2, debug: 4, hlt: 5, mmio: 6, shutdown: 8, intr: 10 } as const;

const general = "rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags".split(" ");
const segments = "cs ds es fs gs ss".split(" ");

interface Debug {
  readonly step: boolean;
  readonly slots: readonly { readonly address: bigint; readonly type: number; readonly length: number }[];
}

/** DR7's fields for the four slots. SDM volume 3, 18.2.4. */
function slotsOf(registers: readonly bigint[]): Debug["slots"] {
  const dr7 = Number(registers[7] ?? 0n);
  return [0, 1, 2, 3].flatMap((n) => {
    if (((dr7 >>> (2 * n)) & 3) === 0) return [];
    const [type, length] = [(dr7 >>> (16 + 4 * n)) & 3, [1, 2, 8, 4][(dr7 >>> (18 + 4 * n)) & 3] ?? 1];
    assert.ok(type !== 2, "no slot is of I/O");
    if (type === 0) assert.equal(length, 1, "code is watched by one byte");
    const address = registers[n] ?? 0n;
    assert.equal(address % BigInt(length), 0n, "slots are aligned");
    return [{ address, type, length }];
  });
}

function newVcpu(
  process: ModelProcess,
  region: () => { readonly address: bigint; readonly size: bigint },
): ModelFile {
  const shared = process.sharedBytes(runSize);
  const run = view(shared);
  let machine: Machine | undefined;
  const pending: [string, bigint][] = [];
  const cpu = (): Machine => {
    if (machine !== undefined) return machine;
    const { address, size } = region();
    const { object } = process.space.at(address);
    assert.ok(
      !(object instanceof Uint8Array) && BigInt(object.size) === size,
      "all of the object is the guest's",
    );
    machine = newMachine(object, () => process.space.protectionsAt(address));
    return machine;
  };
  let debug: Debug = { step: false, slots: [] };
  /** What the next run does first: an access to a port is over only then. */
  let unfinished: Extract<MachineExit, { kind: "io" }> | undefined;
  let hasCpuid = false;

  const rip = (): bigint => unfinished?.rip ?? cpu().get("rip");
  const leave = (reason: number): number => {
    run.setUint32(exitReason, reason, true);
    return 0;
  };
  const debugStop = (dr6: bigint): number => {
    run.setUint32(exitUnion, 1, true);
    run.setBigUint64(exitUnion + 8, cpu().get("rip"), true);
    run.setBigUint64(exitUnion + 16, dr6, true);
    return leave(reasons.debug);
  };
  const finish = (): void => {
    if (unfinished === undefined) return;
    if (!unfinished.isOut) {
      const value = {
        1: run.getUint8(ioData),
        2: run.getUint16(ioData, true),
        4: run.getUint32(ioData, true),
      };
      cpu().completeIn(value[unfinished.size], unfinished.size);
    }
    unfinished = undefined;
  };
  const enter = (): number => {
    assert.ok(hasCpuid, "CPUID is set before a run");
    const wasStepped = unfinished !== undefined && debug.step;
    finish();
    if (shared[immediateExit] !== 0) {
      if (wasStepped) return debugStop(0x4000n);
      throw new ModelError("EINTR");
    }
    if (wasStepped) return debugStop(0x4000n);
    const isData = debug.slots.filter(({ type }) => type !== 0);
    cpu().setStep(debug.step);
    cpu().setPoints(
      debug.slots.filter(({ type }) => type === 0).map(({ address }) => address),
      isData.map(({ address, length, type }): Watch => ({ address, length, isWriteOnly: type === 1 })),
    );
    const exit = cpu().run(() => Atomics.load(shared, immediateExit) !== 0);
    switch (exit.kind) {
      case "io": {
        unfinished = exit;
        run.setUint8(exitUnion, exit.isOut ? 1 : 0);
        run.setUint8(exitUnion + 1, exit.size);
        run.setUint16(exitUnion + 2, exit.port, true);
        run.setUint32(exitUnion + 4, 1, true);
        run.setBigUint64(exitUnion + 8, BigInt(ioData), true);
        if (exit.isOut) run.setUint32(ioData, exit.value, true);
        return leave(reasons.io);
      }
      case "memory":
        run.setBigUint64(exitUnion, exit.address, true);
        run.setBigUint64(exitUnion + 8, exit.value, true);
        run.setUint32(exitUnion + 16, exit.size, true);
        run.setUint8(exitUnion + 20, exit.isWrite ? 1 : 0);
        return leave(reasons.mmio);
      case "halt":
        return leave(reasons.hlt);
      case "refused":
        throw new ModelError("EFAULT");
      case "shutdown":
        return leave(reasons.shutdown);
      case "step":
        return debugStop(0x4000n);
      case "breakpoint":
        return debugStop(slotBit(cpu().get("rip")));
      case "watchpoint":
        return debugStop(slotBit(exit.address));
      case "interrupted":
        throw new ModelError("EINTR");
      default:
        return exit satisfies never;
    }
  };
  const slotBit = (address: bigint): bigint => {
    const at = debug.slots.findIndex(
      (slot) => address >= slot.address && address < slot.address + BigInt(slot.length),
    );
    assert.ok(at >= 0, "a slot was hit");
    return 1n << BigInt(at);
  };

  /** struct kvm_sregs: segments of 24 bytes, tables of 16, control registers. */
  const readSpecial = (data: DataView): void => {
    segments.forEach((name, i) => data.setUint16(24 * i + 12, Number(cpu().get(name)), true));
    data.setUint16(24 * 6 + 12, Number(cpu().get("tr")), true);
    ["gdt", "idt"].forEach((name, i) => {
      data.setBigUint64(192 + 16 * i, cpu().get(`${name}_base`), true);
      data.setUint16(200 + 16 * i, Number(cpu().get(`${name}_limit`)), true);
    });
    ["cr0", "cr2", "cr3", "cr4", "cr8", "efer"].forEach((name, i) =>
      data.setBigUint64(224 + 8 * i, cpu().get(name), true),
    );
    data.setBigUint64(24 * 3, cpu().get("fs_base"), true);
    data.setBigUint64(24 * 4, cpu().get("gs_base"), true);
  };
  const writeSpecial = (data: DataView): void => {
    const type = (at: number): number => data.getUint8(at + 14);
    const flag = (at: number, n: number): number => data.getUint8(at + 15 + n);
    // In the order present, dpl, db, s, l, g, avl, unusable, padding. What VM entry wants: SDM volume 3, 27.3.1.2.
    if ((data.getBigUint64(264, true) & 0x400n) !== 0n) {
      assert.ok([9, 11, 13, 15].includes(type(0)) && flag(0, 0) === 1 && flag(0, 3) === 1, "CS is code");
      assert.ok(flag(0, 4) === 1 && flag(0, 2) === 0, "CS is of 64 bits");
      for (const n of [1, 2, 5]) assert.ok([1, 3].includes(type(24 * n) & 3) && flag(24 * n, 3) === 1, segments[n]); // prettier-ignore
      assert.equal(type(24 * 6), 11, "TR is a busy task segment");
      assert.equal(flag(24 * 7, 7), 1, "there is no local table");
      assert.equal(data.getUint16(24 * 6 + 12, true) & 4, 0);
    }
    for (let n = 0; n < 8; n++) assert.equal(flag(24 * n, 8), 0, "padding is 0");
    ["cr0", "cr2", "cr3", "cr4", "cr8", "efer"].forEach((name, i) =>
      cpu().set(name, data.getBigUint64(224 + 8 * i, true)),
    );
    segments.forEach((name, i) => cpu().set(name, BigInt(data.getUint16(24 * i + 12, true))));
    cpu().set("fs_base", data.getBigUint64(24 * 3, true));
    cpu().set("gs_base", data.getBigUint64(24 * 4, true));
    cpu().set("tr", BigInt(data.getUint16(24 * 6 + 12, true)));
    ["gdt", "idt"].forEach((name, i) => {
      cpu().set(`${name}_base`, data.getBigUint64(192 + 16 * i, true));
      cpu().set(`${name}_limit`, BigInt(data.getUint16(200 + 16 * i, true)));
    });
  };
  /** struct kvm_fpu: eight slots of 16 bytes, control words, xmm from 152, mxcsr behind them. */
  const copyFloat = (data: DataView, isRead: boolean): void => {
    const word = (name: string, at: number, size: 2 | 4): void => {
      if (isRead) {
        if (size === 2) data.setUint16(at, Number(cpu().get(name)), true);
        else data.setUint32(at, Number(cpu().get(name)), true);
      } else cpu().set(name, BigInt(size === 2 ? data.getUint16(at, true) : data.getUint32(at, true)));
    };
    word("fctrl", 128, 2);
    word("fstat", 130, 2);
    word("mxcsr", 408, 4);
    for (let n = 0; n < 24; n++) {
      const [name, at] = n < 8 ? [`st${n}`, 16 * n] : [`xmm${n - 8}`, 152 + 16 * (n - 8)];
      if (isRead) {
        const value = cpu().get(name);
        data.setBigUint64(at, BigInt.asUintN(64, value), true);
        data.setBigUint64(at + 8, value >> 64n, true);
      } else if (n >= 8) {
        cpu().set(name, data.getBigUint64(at, true) | (data.getBigUint64(at + 8, true) << 64n));
      }
    }
  };
  void pending;

  return {
    mapped(size) {
      assert.equal(size, runSize);
      return shared;
    },
    close: () => machine?.dispose(),
    ioctl(request, arg) {
      switch (request) {
        case 0xae80:
          none(arg);
          return enter();
        case 0x8090ae81: {
          const data = structure(arg, 144, request);
          general.forEach((name, i) =>
            data.setBigUint64(8 * i, name === "rip" ? rip() : cpu().get(name), true),
          );
          return 0;
        }
        case 0x4090ae82: {
          const data = structure(arg, 144, request);
          // A new RIP is where the guest goes on: what was on its way is forgotten.
          if (data.getBigUint64(128, true) !== rip()) unfinished = undefined;
          general.forEach((name, i) => {
            if (name !== "rip" || unfinished === undefined) cpu().set(name, data.getBigUint64(8 * i, true));
          });
          return 0;
        }
        case 0x8138ae83:
          readSpecial(structure(arg, 312, request));
          return 0;
        case 0x4138ae84:
          writeSpecial(structure(arg, 312, request));
          return 0;
        case 0x81a0ae8c:
          copyFloat(structure(arg, 416, request), true);
          return 0;
        case 0x41a0ae8d:
          copyFloat(structure(arg, 416, request), false);
          return 0;
        case 0x4008ae90: {
          assert.ok(typeof arg !== "number");
          const count = view(arg).getUint32(0, true);
          assert.ok(count > 0 && arg.length >= 8 + 40 * count, "entries of CPUID");
          for (let i = 0; i < count; i++)
            if (view(arg).getUint32(8 + 40 * i, true) === 1)
              assert.equal(view(arg).getUint32(8 + 40 * i + 20, true) & (1 << 5), 0, "no VMX for guests");
          hasCpuid = true;
          return 0;
        }
        case 0xaea3:
          none(arg);
          return Number(counterHz / 1000n);
        case 0x4048ae9b: {
          const data = structure(arg, 72, request);
          const control = data.getUint32(0, true);
          assert.equal(data.getUint32(4, true), 0, "padding is 0");
          assert.equal(control & ~0x2_0003, 0, "flags of KVM_SET_GUEST_DEBUG");
          if (control !== 0) assert.equal(control & 1, 1, "KVM_GUESTDBG_ENABLE");
          const registers = Array.from({ length: 8 }, (_, i) => data.getBigUint64(8 + 8 * i, true));
          debug = {
            step: (control & 2) !== 0,
            slots: (control & 0x2_0000) === 0 ? [] : slotsOf(registers),
          };
          return 0;
        }
        default:
          throw new ModelError("ENOTTY");
      }
    },
  };
}

/** The leaves that the model tells of; what counts is in the first. */
function supportedCpuid(data: Uint8Array): number {
  const leaves = [
    { leaf: 0, eax: 1, ebx: 0x756e_6547, ecx: 0x6c65_746e, edx: 0x4965_6e69 },
    { leaf: 1, eax: 0x306c3, ebx: 0, ecx: 1 << 5, edx: 0x0781_abfd },
  ];
  view(data).setUint32(0, leaves.length, true);
  leaves.forEach(({ leaf, eax, ebx, ecx, edx }, i) =>
    [leaf, 0, 0, eax, ebx, ecx, edx].forEach((value, n) =>
      view(data).setUint32(8 + 40 * i + 4 * n, value, true),
    ),
  );
  return 0;
}

export function kvmModel(process: ModelProcess): ModelDevices {
  const newVm = (): ModelFile => {
    let region: { address: bigint; size: bigint } | undefined;
    let hasVcpu = false;
    return {
      ioctl(request, arg) {
        switch (request) {
          case 0xae41:
            none(arg);
            assert.equal(hasVcpu, false, "one virtual CPU");
            hasVcpu = true;
            return process.open(
              newVcpu(process, () => {
                assert.ok(region !== undefined, "memory before a run");
                return region;
              }),
            );
          case 0x4020ae46: {
            const data = structure(arg, 32, request);
            assert.equal(data.getBigUint64(0, true), 0n, "slot 0, no flags");
            assert.equal(data.getBigUint64(8, true), 0n, "from address 0");
            region = { size: data.getBigUint64(16, true), address: data.getBigUint64(24, true) };
            assert.equal(region.size % 4096n, 0n);
            return 0;
          }
          default:
            throw new ModelError("ENOTTY");
        }
      },
    };
  };
  return {
    open(path) {
      if (path !== "/dev/kvm" && path !== "") throw new ModelError("ENOENT");
      return {
        ioctl(request, arg) {
          switch (request) {
            case 0xae00:
              none(arg);
              return 12;
            case 0xae01:
              none(arg);
              return process.open(newVm());
            case 0xae04:
              none(arg);
              return runSize;
            case 0xc008ae05:
              assert.ok(typeof arg !== "number");
              assert.ok(view(arg).getUint32(0, true) >= 2, "room for the leaves");
              return supportedCpuid(arg);
            default:
              throw new ModelError("ENOTTY");
          }
        },
      };
    },
  };
}
