// A model of FreeBSD's vmm for releases 13 to 15, written down from machine/vmm.h, machine/vmm_dev.h and dev/vmm/vmm_dev.h, apart from
// the driver: numbers of requests, sizes and offsets are literals here.
import assert from "node:assert/strict";
import { counterHz, newGuestMemory, newMachine, type Machine } from "./machine.js";
import { structure, view, zeros } from "./structures.js";
import { ModelError, type ModelDevices, type ModelFile, type ModelProcess } from "./system.js";

export interface FreebsdRelease {
  /** kern.osreldate. */
  readonly date: number;
  /** The number of VM_RUN; whether the exit lies inside. */
  readonly run: number;
  readonly isInline: boolean;
  /** Numbers of VM_ALLOC_MEMSEG that there are. */
  readonly allocMemseg: readonly number[];
  /** /dev/vmmctl, and whether it knows flags. */
  readonly control?: "plain" | "flags";
  /** An AMD CPU steps by its trap flag. */
  readonly isAmd?: true;
}

const none: readonly never[] = [];

/** enum vm_reg_name. */
const names = "rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15 cr0 cr3 cr4 dr7 rsp rip rflags es cs ss ds fs gs ldtr tr idtr gdtr efer cr2".split(" "); // prettier-ignore
const isSegment = (name: string): boolean => /^(?:[ecsdfg]s|ldtr|tr|[ig]dtr)$/.test(name);

/** A word that threads share: how many machines there are, and the CPU that is suspended. */
const word = { machines: 0, suspended: 1, made: 2 } as const;

interface Segment {
  base: bigint;
  limit: number;
  access: number;
}

/** The machine is real only in the thread that allocates its memory; others may suspend its CPU. */
function newVm(process: ModelProcess, release: FreebsdRelease): ModelFile {
  const memory: { size: number; object?: ReturnType<typeof newGuestMemory> } = { size: 0 };
  let machine: Machine | undefined;
  /** Where struct vm_exit was the last time. */
  let exit: { readonly low: number; readonly high: number; readonly view: DataView } | undefined;
  let isMapped = false;
  let isActive = false;
  const segments = new Map<string, Segment>();
  const capabilities = new Map<number, number>();
  /** An I/O instruction, behind which the kernel goes on by itself, unless it is told where. */
  let unfinished: { readonly rip: bigint } | undefined;

  const cpu = (): Machine => {
    if (machine !== undefined) return machine;
    const { object } = memory;
    assert.ok(object !== undefined, "memory before registers");
    machine = newMachine(object, () => []);
    return machine;
  };
  const get = (name: string): bigint => {
    if (name === "rip" && unfinished !== undefined) return unfinished.rip;
    return name === "dr7" || name === "ldtr" ? 0n : cpu().get(name);
  };
  const set = (name: string, value: bigint): void => {
    assert.ok(!/^[ig]dtr$/.test(name), "tables have no selector");
    if (name === "rip") unfinished = undefined;
    if (name === "ldtr" || name === "dr7") assert.equal(value, 0n);
    else cpu().set(name, value);
  };
  let isChecked = false;
  const checkEntry = (): void => {
    if (isChecked) return;
    isChecked = true;
    assert.ok(isMapped, "memory is mapped before a run");
    assert.ok(isActive, "the CPU is active before a run");
    // What VM entry wants of 64-bit code: SDM volume 3, 27.3.1.2.
    const cs = segments.get("cs")?.access ?? 0;
    assert.ok((cs & 0x1f) >= 0x19 && (cs & 0x80) !== 0 && (cs & 0x2000) !== 0 && (cs & 0x4000) === 0, "CS");
    for (const name of ["ss", "ds", "es"]) {
      const access = segments.get(name)?.access ?? 0;
      assert.ok((access & 0x1f) === 0x13 && (access & 0x80) !== 0, name);
    }
    assert.equal((segments.get("tr")?.access ?? 0) & 0x1009f, 0x8b, "TR is a busy task segment");
    assert.equal((segments.get("ldtr")?.access ?? 0) & 0x10000, 0x10000, "there is no local table");
    assert.equal((segments.get("gdtr")?.access ?? 0) & ~0, 0);
  };
  const suspended = (): boolean => Atomics.load(process.words, word.suspended) !== 0;

  /** Fills in struct vm_exit: exitcode, inst_length, rip, union. */
  const run = (exit: DataView): number => {
    checkEntry();
    unfinished = undefined;
    const leave = (code: number, length = 0, rip = cpu().get("rip")): number => {
      exit.setInt32(0, code, true);
      exit.setInt32(4, length, true);
      exit.setBigUint64(8, rip, true);
      return 0;
    };
    // VM_EXITCODE_DEBUG.
    if (suspended()) return leave(21);
    cpu().setStep((capabilities.get(release.isAmd === true ? 10 : 1) ?? 0) !== 0);
    const hasBreakpoints = capabilities.get(5) === 1;
    cpu().setPoints(hasBreakpoints ? breakpoints() : none, none);
    const one = cpu().run(() => suspended());
    switch (one.kind) {
      case "io": {
        exit.setUint16(16, one.size | (one.isOut ? 0 : 8), true);
        exit.setUint16(18, one.port, true);
        exit.setUint32(20, one.isOut ? one.value : 0, true);
        // What registers say meanwhile is the instruction's own address.
        unfinished = { rip: one.rip };
        return leave(0, one.length, one.rip);
      }
      case "step":
        return leave(release.isAmd === true ? 25 : 6);
      case "breakpoint":
        exit.setInt32(16, 1, true);
        return leave(23);
      case "interrupted":
        return suspended() ? leave(21) : leave(2);
      case "refused":
        throw new ModelError("EFAULT");
      case "memory":
        exit.setBigUint64(16, one.address, true);
        exit.setBigUint64(24, one.address, true);
        return leave(9);
      case "halt":
        // All CPUs halt with interrupts off: the kernel suspends the machine, for good. VM_SUSPEND_HALT.
        exit.setInt32(16, 3, true);
        return leave(14, 0, one.rip);
      case "shutdown":
        exit.setInt32(16, 4, true);
        return leave(14);
      case "watchpoint":
        return assert.fail("vmm has no watchpoints");
      default:
        return one satisfies never;
    }
  };
  /** INT3 where the debugger has put it: the engine knows breakpoints, not the exception's exit. */
  const breakpoints = (): readonly bigint[] => {
    const found: bigint[] = [];
    const { object } = memory;
    const code = object?.bytes(0x10_0000n, 0x1_0000) ?? new Uint8Array();
    for (let at = code.indexOf(0xcc); at >= 0; at = code.indexOf(0xcc, at + 1))
      found.push(BigInt(0x10_0000 + at));
    return found;
  };

  return {
    mapped(size) {
      assert.ok(
        isMapped && size === memory.size && memory.object !== undefined,
        "what was mapped for the guest",
      );
      return memory.object;
    },
    close: () => machine?.dispose(),
    ioctl(request, arg) {
      if (request === release.run) {
        if (release.isInline) {
          const data = structure(arg, 144, request);
          assert.equal(data.getInt32(0, true), 0, "CPU 0");
          return run(new DataView(data.buffer, data.byteOffset + 8, 136));
        }
        const data = structure(arg, 32, request);
        for (let at = 0; at < 24; at += 4) if (data.getUint32(at, true) !== 0) zeros(data, 0, 24);
        const [low, high] = [data.getUint32(24, true), data.getUint32(28, true)];
        if (exit?.low !== low || exit.high !== high)
          exit = { low, high, view: view(process.space.bytesAt(data.getBigUint64(24, true), 136)) };
        return run(exit.view);
      }
      if (release.allocMemseg.includes(request)) {
        const data = structure(arg, request === 0x8038760e ? 56 : 32, request);
        zeros(data, 0, 8);
        zeros(data, 16, data.byteLength);
        assert.equal(memory.object, undefined, "one segment");
        memory.size = Number(data.getBigUint64(8, true));
        memory.object = newGuestMemory(memory.size);
        return 0;
      }
      switch (request) {
        case 0x80107602: {
          const data = structure(arg, 16, request);
          const [type, value] = [data.getInt32(4, true), data.getInt32(8, true)];
          assert.equal(data.getInt32(0, true), 0, "CPU 0");
          assert.equal(data.getInt32(12, true), 0, "not all CPUs");
          const known = release.isAmd === true ? [0, 5, 10] : [0, 1, 5];
          if (!known.includes(type)) throw new ModelError("ENOENT");
          capabilities.set(type, value);
          return 0;
        }
        case 0x80287610: {
          const data = structure(arg, 40, request);
          zeros(data, 0, 24);
          assert.equal(data.getBigUint64(24, true), BigInt(memory.size), "all of the segment");
          assert.equal(data.getInt32(32, true), 7, "readable, writable, executable");
          zeros(data, 36, 40);
          isMapped = true;
          return 0;
        }
        case 0x80107614:
        case 0xc0107615: {
          const data = structure(arg, 16, request);
          const name = names[data.getInt32(4, true)];
          assert.equal(data.getInt32(0, true), 0, "CPU 0");
          if (name === undefined) throw new ModelError("EINVAL");
          if (request === 0x80107614) set(name, data.getBigUint64(8, true));
          else data.setBigUint64(8, get(name), true);
          return 0;
        }
        case 0x80187616:
        case 0xc0187617: {
          const data = structure(arg, 24, request);
          const name = names[data.getInt32(4, true)];
          assert.equal(data.getInt32(0, true), 0, "CPU 0");
          if (name === undefined || !isSegment(name)) throw new ModelError("EINVAL");
          descriptor(name, data, request === 0x80187616);
          return 0;
        }
        case 0x8004765a:
          zeros(structure(arg, 4, request), 0, 4);
          if (isActive) throw new ModelError("EBUSY");
          isActive = true;
          return 0;
        case 0x8004765c:
          zeros(structure(arg, 4, request), 0, 4);
          Atomics.store(process.words, word.suspended, 1);
          return 0;
        case 0x8004765d:
          zeros(structure(arg, 4, request), 0, 4);
          if (!suspended()) throw new ModelError("EINVAL");
          Atomics.store(process.words, word.suspended, 0);
          return 0;
        default:
          throw new ModelError("ENOTTY");
      }
    },
  };

  function descriptor(name: string, data: DataView, isWrite: boolean): void {
    const table = /^([ig]dt)r$/.exec(name)?.[1];
    if (isWrite) {
      const segment = { base: data.getBigUint64(8, true), limit: data.getUint32(16, true), access: data.getUint32(20, true) }; // prettier-ignore
      segments.set(name, segment);
      isChecked = false;
      if (table !== undefined) {
        assert.ok(segment.limit <= 0xffff);
        cpu().set(`${table}_base`, segment.base);
        cpu().set(`${table}_limit`, BigInt(segment.limit));
      } else if (name === "fs" || name === "gs") cpu().set(`${name}_base`, segment.base);
      return;
    }
    const { base, limit, access } = segments.get(name) ?? { base: 0n, limit: 0, access: 0 };
    const isLive = table !== undefined || name === "fs" || name === "gs";
    data.setBigUint64(8, isLive ? cpu().get(`${table ?? name}_base`) : base, true);
    data.setUint32(16, table === undefined ? limit : Number(cpu().get(`${table}_limit`)), true);
    data.setUint32(20, access, true);
  }
}

export const freebsdModel =
  (release: FreebsdRelease) =>
  (process: ModelProcess): ModelDevices => {
    /** Machines by name. Other threads open theirs without a name. */
    const machines = new Set<string>();
    const create = (name: string): void => {
      assert.match(name, /^solo5-\d+(?:-\d+)?$/);
      if (machines.has(name)) throw new ModelError("EEXIST");
      machines.add(name);
      Atomics.add(process.words, word.machines, 1);
    };
    const destroy = (name: string): void => {
      if (!machines.delete(name)) throw new ModelError("EINVAL");
      Atomics.sub(process.words, word.machines, 1);
    };
    const textOf = (data: Uint8Array): string => {
      const text = new TextDecoder().decode(data);
      assert.equal(text.indexOf("\0"), text.replace(/\0+$/, "").length, "a name ends with its NUL");
      return text.replace(/\0+$/, "");
    };
    const control = (): ModelFile => {
      const own: string[] = [];
      return {
        // With the flag, what was made here goes with the descriptor.
        close: () => own.forEach(destroy),
        ioctl(request, arg) {
          // Other threads' machines have no name in this one.
          if (request === 0x8004765c) return newVm(process, release).ioctl?.(request, arg) ?? -1;
          if (request !== 0xc1285600) throw new ModelError("ENOTTY");
          const data = structure(arg, 296, request);
          assert.ok(typeof arg !== "number");
          const flags = data.getUint32(232, true);
          if (flags !== 0 && release.control !== "flags") throw new ModelError("EINVAL");
          assert.ok(flags <= 1);
          zeros(data, 236, 296);
          const name = textOf(arg.subarray(0, 230));
          create(name);
          if (flags === 1) own.push(name);
          return 0;
        },
      };
    };
    return {
      isRoot: true,
      open(path) {
        if (path === "/dev/vmmctl" || path === "") {
          if (release.control === undefined && path !== "") throw new ModelError("ENOENT");
          return control();
        }
        const name = /^\/dev\/vmm\/(.*)$/.exec(path)?.[1] ?? "";
        if (!machines.has(name)) throw new ModelError("ENOENT");
        return newVm(process, release);
      },
      sysctl(name, old, value) {
        const answer = (size: 4 | 8, number: bigint): number => {
          assert.equal(old?.length, size, name);
          if (size === 4) view(old ?? new Uint8Array()).setInt32(0, Number(number), true);
          else view(old ?? new Uint8Array()).setBigUint64(0, number, true);
          return size;
        };
        switch (name) {
          case "kern.osreldate":
            return answer(4, BigInt(release.date));
          case "machdep.tsc_freq":
            return answer(8, counterHz);
          case "kern.timecounter.invariant_tsc":
            return answer(4, 1n);
          case "hw.vmm.create":
            if (value === undefined) return 0;
            create(textOf(value));
            return 0;
          case "hw.vmm.destroy":
            destroy(textOf(value ?? new Uint8Array()));
            return 0;
          default:
            throw new ModelError("ENOENT");
        }
      },
      assertNothingLeft: () =>
        assert.equal(Atomics.load(process.words, word.machines), 0, "no machine is left"),
    };
  };

/** What each release has. The first of 14 is the one whose direction nobody has seen. */
export const freebsdReleases: Readonly<Record<string, FreebsdRelease>> = {
  "13.2": { date: 1302001, run: 0xc0907601, isInline: true, allocMemseg: [0x8020760e] },
  "14.1": { date: 1401000, run: 0x80207601, isInline: false, allocMemseg: [0x8020760e], isAmd: true },
  "14.0, otherwise": { date: 1400097, run: 0xc0207601, isInline: false, allocMemseg: [0x8020760e] },
  "15.0": { date: 1500068, run: 0x80207601, isInline: false, allocMemseg: [0x8020760e], control: "plain" },
  "15, newer": {
    date: 1500500,
    run: 0x80207601,
    isInline: false,
    allocMemseg: [0x8038760e],
    control: "flags",
  },
};
