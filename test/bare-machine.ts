// The smallest host that a self-test unikernel without devices runs on, for tests of the engine alone: it loads the file,
// sets the registers of docs/abi.md 3.2 (hvt) or 4 (spt), and answers console, clocks and exit.
import { readFileSync } from "node:fs";
import { hypercalls, hypercallPort } from "../src/abi/hvt.js";
import type { Isa } from "../src/abi/elf.js";
import { noteType } from "../src/abi/notes.js";
import { argumentRegisters, callRegisters, syscalls } from "../src/abi/spt.js";
import { readElf } from "../src/image/elf.js";
import { readUnikernel } from "../src/image/unikernel.js";
import type { Answer, Exit, Protection, PortableVcpu, VcpuOptions } from "../src/engine/contract.js";
import { machines } from "../src/targets/spt/isa/registry.js";
import { machineMemory } from "../src/engine/portable/memory/machine-memory.js";

export interface Outcome {
  readonly output: string;
  /** The exit status, or the fault that ended it. */
  readonly status: number | string;
}

/** Page tables, GDT and boot information of hvt. docs/abi.md 3.2. */
function setUpHvt(view: DataView, size: number, kernelEnd: number): void {
  [0n, 0x00af99000000ffffn, 0x00cf93000000ffffn].forEach((d, n) =>
    view.setBigUint64(0x1000 + 8 * n, d, true),
  );
  const entry = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  entry(0x2000, 0x3003);
  for (let n = 0; n < 4; n++) entry(0x3000 + 8 * n, 0x4003 + n * 4096);
  entry(0x4000, 0x8003);
  for (let n = 1; n < size / 0x20_0000; n++) entry(0x4000 + 8 * n, n * 0x20_0000 + 0x83);
  for (let n = 16; n < 512; n++) entry(0x8000 + 8 * n, n * 4096 + (n < 256 ? 1 : 3));
  [size, kernelEnd, 1_000_000_000, 0x1_2000, 0x1_0038, 0, 0].forEach((value, n) => {
    entry(0x1_0000 + 8 * n, value);
  });
}

function setUpSpt(view: DataView, size: number, kernelEnd: number): void {
  [size, kernelEnd, 0x1_3000, 0x1_1028, 0].forEach((value, n) => {
    view.setBigUint64(0x1_1000 + 8 * n, BigInt(value), true);
  });
}

/** Loads a unikernel into a new virtual CPU, ready to run with a command line. */
export function load(
  file: string,
  newVcpu: (options: VcpuOptions) => PortableVcpu,
  size = 16 << 20,
  cmdline = "",
): PortableVcpu {
  const unikernel = readUnikernel(readFileSync(file), file);
  const memory = machineMemory(size);
  const bytes = memory.bytes(0, size);
  if (bytes === undefined) throw new RangeError("no memory");
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const isHvt = unikernel.target === "hvt";
  const pageEnd = (n: number) => Math.ceil(n / 4096) * 4096;
  const protections: Protection[] = unikernel.segments.map((s) => {
    bytes.set(s.data, s.vaddr);
    return {
      start: s.vaddr,
      end: pageEnd(s.vaddr + s.memsz),
      read: s.read,
      write: s.write,
      execute: s.execute,
    };
  });
  if (!isHvt) protections.push({ start: 0, end: 0x1_0000, read: false, write: false, execute: false });
  const note = readElf(unikernel.file, file).notes.find((n) => n.type === noteType.mft1);
  // The manifest follows four bytes of padding in its note.
  bytes.set(note?.desc.subarray(4) ?? [], isHvt ? 0x1_0038 : 0x1_1028);
  const vcpu = newVcpu({
    memory,
    exceptions: isHvt ? "guest" : "exit",
    protections,
    noExecute: true,
    profile: "replay",
  });
  const { registers } = vcpu;
  (isHvt ? setUpHvt : setUpSpt)(view, size, unikernel.kernelEnd);
  bytes.set(new TextEncoder().encode(cmdline), isHvt ? 0x1_2000 : 0x1_3000);
  if (isHvt) {
    registers.set("gdt_base", 0x1000n);
    registers.set("gdt_limit", 23n);
    registers.set("cr3", 0x2000n);
    registers.set("cr4", 0x620n);
    registers.set("efer", 0x500n);
    registers.set("cr0", 0x8001_0021n);
  }
  if (isHvt) {
    registers.set("rip", BigInt(unikernel.entry));
    registers.set("rsp", BigInt(size - 8));
    registers.set("rdi", 0x1_0000n);
    registers.set("rflags", 2n);
  } else {
    const first = machines[unikernel.isa]?.registers(unikernel.entry, size) ?? {};
    for (const [name, value] of Object.entries(first)) registers.set(name, BigInt(value));
  }
  return vcpu;
}

/** Runs to its end, or to `limit` exits. */
export function runBare(vcpu: PortableVcpu, limit = 100_000, isa: Isa = "x86-64"): Outcome {
  let output = "";
  let status: number | string = "limit";
  let now = 0n;
  let left = limit;
  const { memory, registers } = vcpu;
  const text = (at: bigint, length: bigint) => {
    output += new TextDecoder().decode(memory.bytes(at, length));
  };
  const hypercall = (exit: Exit & { kind: "out" }): boolean => {
    const view = new DataView(memory.bytes(exit.value, 40)?.slice().buffer ?? new ArrayBuffer(40));
    switch (exit.port - hypercallPort) {
      case hypercalls.walltime.nr:
        memory.bytes(exit.value, 8)?.fill(1);
        break;
      case hypercalls.puts.nr:
        text(view.getBigUint64(0, true), view.getBigUint64(8, true));
        break;
      case hypercalls.poll.nr:
        now += view.getBigUint64(0, true);
        memory.bytes(exit.value + 8, 16)?.fill(0);
        break;
      case hypercalls.halt.nr:
        status = view.getInt32(8, true) & 0xff;
        return false;
      default:
        status = `port 0x${exit.port.toString(16)}`;
        return false;
    }
    return true;
  };
  const syscall = (): boolean => {
    const { nr, result } = callRegisters[isa];
    const [a = 0n, b = 0n, c = 0n] = argumentRegisters[isa].map((name) => registers.get(name));
    const number = Number(registers.get(nr));
    const name = Object.entries(syscalls[isa]).find(([, known]) => known === number)?.[0];
    let value = 0n;
    switch (name) {
      case "write":
        text(b, c);
        value = c;
        break;
      case "arch_prctl":
        registers.set("fs_base", b);
        break;
      case "clock_gettime": {
        now += 1000n;
        const at = memory.bytes(b, 16);
        if (at !== undefined) {
          const view = new DataView(at.buffer, at.byteOffset, 16);
          view.setBigUint64(0, now / 1_000_000_000n, true);
          view.setBigUint64(8, now % 1_000_000_000n, true);
        }
        break;
      }
      case "epoll_pwait":
        value = 1n;
        break;
      case "timerfd_settime":
        break;
      case "exit_group":
        status = Number(a & 0xffn);
        return false;
      default:
        status = `system call ${number}`;
        return false;
    }
    registers.set(result, value);
    return true;
  };
  const answer: Answer = (exit) => {
    if (left-- === 0) return "suspend";
    switch (exit.kind) {
      case "out":
        return hypercall(exit) ? "resume" : "suspend";
      case "syscall":
        return syscall() ? "resume" : "suspend";
      case "counter":
        now += 1000n;
        exit.value = now;
        return "resume";
      case "tick":
        return "resume";
      case "fault":
        status = exit.fault.reason;
        return "suspend";
      default:
        status = exit.kind;
        return "suspend";
    }
  };
  vcpu.run(answer);
  return { output, status };
}
