// A model of OpenBSD's vmm for releases 7.6 to 7.9, written down from machine/vmmvar.h and dev/vmm/vmm.h, apart from the driver: numbers
// of requests, sizes and offsets are literals here.
import assert from "node:assert/strict";
import { counterHz, newGuestMemory, newMachine, type Machine, type MachineExit } from "./machine.js";
import { structure, view, zeros } from "./structures.js";
import { ModelError, type ModelDevices, type ModelFile, type ModelProcess } from "./system.js";

export interface OpenbsdRelease {
  readonly release: string;
  /** Where struct vm_create_params has the identifier. */
  readonly idAt: number;
  readonly isMemoryGiven: boolean;
  readonly isAmd?: true;
  /** Copies no registers but RIP, which costs a kernel nothing. */
  readonly isBrief?: true;
  /** Takes an address for memory that it gives itself, as a kernel that looks at no more than it needs. */
  readonly isLenient?: true;
}

/** VCPU_REGS_… of each group, and where the groups lie in struct vcpu_reg_state. */
const general = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip rflags".split(" ");
const control = ["cr0", "cr2", "cr3", "cr4", "cr8"];
const controlAt = 144;
const eferAt = 224;
const segmentsAt = 328;
const segments = "es cs ss ds fs gs".split(" ");
const localAt = segmentsAt + 24 * 6;
const taskAt = segmentsAt + 24 * 7;
const gdtAt = 520;
const idtAt = 544;
const stateSize = 568;

const word = { machines: 0, nextId: 1 } as const;

/** Whether 64 bits are `value`, asked without making a bigint. */
const isWord = (data: DataView, at: number, value: number): boolean =>
  data.getUint32(at, true) === value >>> 0 && data.getUint32(at + 4, true) === Math.floor(value / 2 ** 32);

const slice = (data: DataView, at: number, size: number): DataView =>
  new DataView(data.buffer, data.byteOffset + at, size);

function newVm(release: OpenbsdRelease, memory: () => ReturnType<typeof newGuestMemory>) {
  let machine: Machine | undefined;
  let isReset = false;
  /** The last exit was of a port: what the exit's state says of RIP, and the data that was read, count then. */
  let last: Extract<MachineExit, { kind: "io" }> | undefined;
  /** Access rights, which the engine does not know. */
  const rights = new Map<number, number>();
  const cpu = (): Machine => (machine ??= newMachine(memory(), () => []));

  const write = (state: DataView, mask: number): void => {
    // VM_RWREGS_CRS first: long mode decides what the others mean.
    if ((mask & 12) !== 0) {
      control.forEach((name, i) => cpu().set(name, state.getBigUint64(controlAt + 8 * i, true)));
      cpu().set("efer", state.getBigUint64(eferAt, true));
    }
    if ((mask & 2) !== 0) {
      segments.forEach((name, i) => {
        const at = segmentsAt + 24 * i;
        cpu().set(name, BigInt(state.getUint16(at, true)));
        if (name === "fs" || name === "gs") cpu().set(`${name}_base`, state.getBigUint64(at + 16, true));
      });
      for (let at = segmentsAt; at < gdtAt; at += 24) rights.set(at, state.getUint32(at + 8, true));
      for (const [name, at] of [
        ["gdt", gdtAt],
        ["idt", idtAt],
      ] as const) {
        // prettier-ignore
        cpu().set(`${name}_base`, state.getBigUint64(at + 16, true));
        assert.ok(state.getUint32(at + 4, true) <= 0xffff);
        cpu().set(`${name}_limit`, BigInt(state.getUint32(at + 4, true)));
      }
      cpu().set("tr", BigInt(state.getUint16(taskAt, true)));
    }
    // RIP of an access to a port comes with the next run.
    if ((mask & 1) !== 0) general.forEach((name, i) => cpu().set(name, state.getBigUint64(8 * i, true)));
  };
  const read = (state: DataView): void => {
    general.forEach((name, i) => state.setBigUint64(8 * i, cpu().get(name), true));
    // The instruction is not over.
    if (last !== undefined) state.setBigUint64(8 * 16, last.rip, true);
    control.forEach((name, i) => state.setBigUint64(controlAt + 8 * i, cpu().get(name), true));
    state.setBigUint64(eferAt, cpu().get("efer"), true);
    segments.forEach((name, i) => {
      state.setUint16(segmentsAt + 24 * i, Number(cpu().get(name)), true);
      if (name === "fs" || name === "gs")
        state.setBigUint64(segmentsAt + 24 * i + 16, cpu().get(`${name}_base`), true);
    });
    for (const [at, value] of rights) state.setUint32(at + 8, value, true);
    for (const [name, at] of [
      ["gdt", gdtAt],
      ["idt", idtAt],
    ] as const) {
      // prettier-ignore
      state.setBigUint64(at + 16, cpu().get(`${name}_base`), true);
      state.setUint32(at + 4, Number(cpu().get(`${name}_limit`)), true);
    }
    state.setUint16(taskAt, Number(cpu().get("tr")), true);
  };
  /** What VM entry wants of 64-bit code: SDM volume 3, 27.3.1.2. */
  const checkReset = (state: DataView): void => {
    const right = (at: number): number => state.getUint32(at + 8, true);
    const cs = right(segmentsAt + 24);
    assert.ok((cs & 0x1f) >= 0x19 && (cs & 0x80) !== 0 && (cs & 0x2000) !== 0 && (cs & 0x4000) === 0, "CS");
    for (const n of [0, 2, 3]) assert.ok((right(segmentsAt + 24 * n) & 0x9f) === 0x93, segments[n]);
    assert.equal(right(taskAt) & 0x1009f, 0x8b, "TR is a busy task segment");
    assert.equal(right(localAt) & 0x10000, 0x10000, "there is no local table");
    assert.equal(state.getBigUint64(controlAt + 8 * 5, true), 1n, "XCR0 is the x87's bit");
    zeros(state, controlAt + 8 * 6, eferAt);
    zeros(state, eferAt + 8, segmentsAt);
    assert.equal(state.getUint32(idtAt + 4, true), 0xffff);
  };

  return {
    close: () => machine?.dispose(),
    reset(state: DataView): void {
      checkReset(state);
      write(state, 31);
      isReset = true;
      last = undefined;
    },
    read,
    write,
    run(exit: DataView, state: DataView): number {
      assert.ok(isReset, "the virtual CPU is set up before it runs");
      if (last !== undefined) {
        if (!isWord(state, 8 * 16, Number(last.rip) + last.length))
          cpu().set("rip", state.getBigUint64(8 * 16, true));
        if (!last.isOut) cpu().completeIn(exit.getUint32(8, true), last.size);
      }
      last = undefined;
      // The scheduler wants the CPU back now and then, and whoever signals at once.
      const one = cpu().run(() => true);
      const done = (reason: number): number => {
        if (release.isBrief !== true || last === undefined) read(state);
        else state.setBigUint64(8 * 16, last.rip, true);
        return reason;
      };
      switch (one.kind) {
        case "io":
          last = one;
          exit.setUint8(0, one.size);
          exit.setUint8(1, one.isOut ? 0 : 1);
          exit.setUint8(2, 0);
          exit.setUint8(3, 0);
          exit.setUint16(6, one.port, true);
          exit.setUint32(8, one.value, true);
          exit.setUint8(12, one.length);
          return done(release.isAmd === true ? 0x7b : 30);
        case "memory":
        case "refused":
          exit.setUint8(0, 3);
          return done(release.isAmd === true ? 0x400 : 48);
        case "halt":
          // Nothing could ever wake it.
          throw new ModelError("EIO");
        case "shutdown":
          return done(release.isAmd === true ? 0x7f : 2);
        case "interrupted":
          return done(0xffff);
        case "step":
        case "breakpoint":
        case "watchpoint":
          return assert.fail(`vmm has no ${one.kind}`);
        default:
          return one satisfies never;
      }
    },
  };
}

export const openbsdModel =
  (release: OpenbsdRelease) =>
  (process: ModelProcess): ModelDevices => {
    const machines = new Map<number, ReturnType<typeof newVm>>();
    const machine = (data: DataView): ReturnType<typeof newVm> => {
      const found = machines.get(data.getUint32(0, true));
      if (found === undefined) throw new ModelError("ENOENT");
      return found;
    };
    const create = (data: DataView): number => {
      assert.equal(data.getBigUint64(0, true), 1n, "one range");
      assert.equal(data.getBigUint64(8, true), 1n, "one virtual CPU");
      assert.equal(data.getBigUint64(16, true), 0n, "from address 0");
      const [va, size] = [data.getBigUint64(24, true), Number(data.getBigUint64(32, true))];
      zeros(data, 40, 528);
      const name = new TextDecoder().decode(new Uint8Array(data.buffer, data.byteOffset + 528, 64));
      assert.match(name, /^solo5-\d+\0+$/);
      zeros(data, 592, 2656);
      let memory: ReturnType<typeof newGuestMemory>;
      if (release.isMemoryGiven) {
        if (release.isLenient !== true) assert.equal(va, 0n, "the kernel chooses the address");
        memory = newGuestMemory(size);
        data.setBigUint64(24, process.space.map(memory, size), true);
      } else if (va === 0n && release.isLenient === true) {
        memory = newGuestMemory(size);
      } else {
        const { object, size: mapped } = process.space.at(va);
        assert.ok(!(object instanceof Uint8Array) && mapped === size, "memory of the guest's size");
        memory = object;
      }
      const id = Atomics.add(process.words, word.nextId, 1) + 1;
      machines.set(
        id,
        newVm(release, () => memory),
      );
      Atomics.add(process.words, word.machines, 1);
      data.setUint32(release.idAt, id, true);
      return 0;
    };
    /** Where struct vm_exit was the last time. */
    let last: { readonly address: number; readonly exit: DataView; readonly state: DataView } | undefined;
    const remove = (id: number): void => {
      machines.get(id)?.close();
      if (!machines.delete(id)) throw new ModelError("ENOENT");
      Atomics.sub(process.words, word.machines, 1);
    };
    const device: ModelFile = {
      ioctl(request, arg) {
        switch (request) {
          case 0xca605601:
            return create(structure(arg, 2656, request));
          case 0xc0285602: {
            const data = structure(arg, 40, request);
            assert.equal(data.getUint32(4, true), 0, "CPU 0");
            // Nothing to inject, no interrupts pending.
            for (let at = 8; at < 24; at += 4) if (data.getUint32(at, true) !== 0) zeros(data, 8, 24);
            if (last === undefined || !isWord(data, 24, last.address)) {
              const address = data.getBigUint64(24, true);
              const exit = view(process.space.bytesAt(address, 600));
              last = { address: Number(address), exit, state: slice(exit, 24, stateSize) };
            }
            data.setUint16(32, machine(data).run(last.exit, last.state), true);
            return 0;
          }
          case 0x80045604:
            remove(structure(arg, 4, request).getUint32(0, true));
            return 0;
          case 0x82405605: {
            const data = structure(arg, 576, request);
            assert.equal(data.getUint32(4, true), 0, "CPU 0");
            machine(data).reset(slice(data, 8, stateSize));
            return 0;
          }
          case 0xc2485607:
          case 0x82485608: {
            const data = structure(arg, 584, request);
            assert.equal(data.getUint32(4, true), 0, "CPU 0");
            const mask = Number(data.getBigUint64(8, true));
            assert.ok(mask > 0 && mask <= 31);
            const state = slice(data, 16, stateSize);
            if (request === 0xc2485607) machine(data).read(state);
            else machine(data).write(state, mask);
            return 0;
          }
          default:
            throw new ModelError("ENOTTY");
        }
      },
    };
    return {
      isRoot: true,
      release: release.release,
      open(path) {
        if (path !== "/dev/vmm" && path !== "") throw new ModelError("ENOENT");
        return device;
      },
      sysctl(name, old) {
        assert.ok(old !== undefined);
        switch (name) {
          case "7,16":
            assert.equal(old.length, 8);
            view(old).setBigUint64(0, counterHz, true);
            return 8;
          case "7,17":
            assert.equal(old.length, 4);
            view(old).setInt32(0, 1, true);
            return 4;
          default:
            throw new ModelError("ENOENT");
        }
      },
      assertNothingLeft: () =>
        assert.equal(Atomics.load(process.words, word.machines), 0, "no machine is left"),
    };
  };

export const openbsdReleases: readonly OpenbsdRelease[] = [
  { release: "7.6", idAt: 596, isMemoryGiven: false },
  { release: "7.7", idAt: 596, isMemoryGiven: false, isAmd: true },
  { release: "7.8", idAt: 600, isMemoryGiven: true },
  { release: "7.9", idAt: 600, isMemoryGiven: true, isAmd: true },
];
