// Writes a core file when a guest aborts or dies of a fault: an observer of the run loop. Pages of zeros are left out, so
// that the file takes no more space than the guest has used.
import { haltCookieSize } from "../../abi/hvt.js";
import { exitStatus } from "../../abi/start.js";
import { pageSize } from "../../bytes/align.js";
import type { Registers, Vcpu } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import type { Unikernel } from "../../image/unikernel.js";
import type { SessionState } from "../../targets/contract.js";
import type { Controls, Observer } from "../../tender/instrument.js";
import { coreHeader } from "./core-file.js";
import type { ReadRegister } from "./registers.js";
import { trapRegisters } from "./trap-frame.js";

const signals = { abort: 6, segv: 11 } as const;

/** A file of `size` bytes that is all holes. */
export interface SparseFile {
  write(at: number, data: Uint8Array): void;
  close(): void;
}

interface CoreDumpOptions {
  readonly unikernel: Pick<Unikernel, "isa" | "name" | "imageEnd">;
  readonly cmdline: string;
  readonly pid: number;
  /** Makes the file. What goes wrong with it is its own to tell: the guest has ended anyway. */
  readonly create: (size: number) => SparseFile;
}

export function coreDump({ unikernel, cmdline, pid, create }: CoreDumpOptions): Observer {
  const { isa, name, imageEnd } = unikernel;
  let view: Pick<Controls<Vcpu>, "vcpu"> | undefined;
  let hasFaulted = false;
  let state = (): SessionState => ({ kind: "running" });

  return {
    session(session, given) {
      view = given;
      state = () => session.state;
      return {
        get state() {
          return session.state;
        },
        wake: () => session.wake(),
        answer(exit) {
          hasFaulted ||= exit.kind === "fault";
          return session.answer(exit);
        },
      };
    },
    ended({ status }) {
      const isFatal = hasFaulted || status === exitStatus.abort;
      if (!isFatal || view === undefined) return undefined;
      const { memory, registers } = view.vcpu;
      const end = state();
      const cookie = (end.kind === "ended" ? end.cookie : undefined) ?? 0n;
      const frame = cookie === 0n ? undefined : memory.bytes(cookie, haltCookieSize);
      const trap = frame === undefined ? undefined : trapRegisters(isa, frame, { start: 0, end: imageEnd });
      const header = coreHeader({
        isa,
        pid,
        name,
        cmdline,
        signal: hasFaulted || trap !== undefined ? signals.segv : signals.abort,
        read: reader(registers, trap),
        memorySize: memory.size,
      });
      const file = create(header.length + memory.size);
      try {
        file.write(0, header);
        for (const { start, data } of usedMemory(memory)) file.write(header.length + start, data);
      } finally {
        file.close();
      }
      return undefined;
    },
  };
}

/** The trap's registers before the engine's; 0 for what neither knows. */
const reader =
  (registers: Registers, trap: ReadonlyMap<string, bigint> | undefined): ReadRegister =>
  (name) => {
    try {
      return trap?.get(name) ?? registers.get(name);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return 0n;
    }
  };

/** Runs of pages that are not all zero. */
export function* usedMemory(
  memory: GuestMemory,
): Generator<{ readonly start: number; readonly data: Uint8Array }> {
  const all = memory.bytes(0, memory.size);
  if (all === undefined) return;
  const words = new BigInt64Array(all.buffer, all.byteOffset, Math.floor(all.length / 8));
  const wordsPerPage = pageSize / 8;
  const isUsed = (page: number): boolean => {
    const end = Math.min((page + 1) * wordsPerPage, words.length);
    for (let i = page * wordsPerPage; i < end; i++) if (words[i] !== 0n) return true;
    return false;
  };
  const pages = Math.ceil(all.length / pageSize);
  for (let page = 0; page < pages; page++) {
    const first = page;
    while (page < pages && isUsed(page)) page++;
    if (page > first)
      yield { start: first * pageSize, data: all.subarray(first * pageSize, page * pageSize) };
  }
}
