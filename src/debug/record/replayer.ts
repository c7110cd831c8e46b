// Replays a recording: the guest gets from the log what the host told it then, and no device is touched. An instrument of
// the run loop.
import { stateOfParts, type Stateful } from "../../bytes/plain.js";
import type { Isa } from "../../abi/elf.js";
import type { Result } from "../../abi/start.js";
import { Solo5Error } from "../../bytes/error.js";
import type { BlockDevice, Console } from "../../device/contract.js";
import type { NetDevice } from "../../net/contract.js";
import { readUnikernel } from "../../image/unikernel.js";
import type { Guest, GuestDevice, GuestHost, SessionState } from "../../targets/contract.js";
import type { Instrument } from "../../tender/instrument.js";
import { isGuests, stateHash } from "./checkpoint.js";
import { createLogReader, EndOfLog, type LogReader } from "./log.js";
import type { RecordingHeader } from "./recorder.js";

interface Replay {
  readonly guest: Guest;
  /** Puts the recorded host in the place of any other. */
  readonly instrument: Instrument;
  /** The devices; output that was already written is not written again. */
  readonly stateful: Stateful;
}

/** Reads a recording. Throws Solo5Error. */
export function openReplay(data: Uint8Array, name: string, console: Console): Replay {
  const log = createLogReader(data, name);
  const header = log.header as RecordingHeader;
  const unikernel = readUnikernel(log.file, header.name);
  if (!Array.isArray(header.devices) || header.devices.length !== unikernel.devices.length)
    throw new Solo5Error("RECORDING", `${name}: the recording's devices are not the unikernel's`);
  const devices = unikernel.devices.map((device, i): GuestDevice => {
    const recorded = header.devices[i];
    return recorded?.type === "NET_BASIC"
      ? { ...device, type: recorded.type, mtu: recorded.mtu, mac: Uint8Array.from(recorded.mac) }
      : { ...device, type: "BLOCK_BASIC", capacity: BigInt(recorded?.capacity ?? 0), blockSize: recorded?.blockSize ?? 512 }; // prettier-ignore
  });
  const { memSize, cmdline, execHeap } = header;
  const output = onceOnly(console);
  const host = hostOf(devices, log, output.console);
  return {
    guest: { unikernel, devices, memSize, cmdline, execHeap },
    instrument: { ...replayed(name, unikernel.isa, log), host: () => host },
    stateful: stateOfParts({ log: log.stateful, output: output.stateful }),
  };
}

/** Output that a guest repeats after going back is not repeated. */
function onceOnly(console: Console): { readonly console: Console; readonly stateful: Stateful } {
  let at = 0;
  let written = 0;
  return {
    console: {
      write(data) {
        at += data.length;
        if (at > written) {
          console.write(data.subarray(Math.max(0, data.length - (at - written))));
          written = at;
        }
      },
    },
    stateful: { save: () => at, restore: (saved: number) => (at = saved) },
  };
}

function hostOf(devices: readonly GuestDevice[], log: LogReader, console: Console): GuestHost {
  const result = (): Result => Number(log.number("result")) as Result;
  const net = (mtu: number): NetDevice => ({
    mtu,
    get readable() {
      return log.truth("readable");
    },
    read() {
      if (!log.isNext("noFrame")) return log.bytes("frame");
      log.truth("noFrame");
      return undefined;
    },
    write: result,
    onReadable() {},
    close() {},
  });
  const block = (capacity: bigint, blockSize: number): BlockDevice => ({
    capacity,
    blockSize,
    read(_offset, into) {
      const value = result();
      into.set(log.bytes("sectors").subarray(0, into.length));
      return value;
    },
    write: result,
    close() {},
  });
  return {
    nets: new Map(
      devices.flatMap((one) => (one.type === "NET_BASIC" ? [[one.handle, net(one.mtu)] as const] : [])),
    ),
    blocks: new Map(
      devices.flatMap((one) =>
        one.type === "BLOCK_BASIC" ? [[one.handle, block(one.capacity, one.blockSize)] as const] : [],
      ),
    ),
    console,
    clock: { monotonic: () => log.number("monotonic"), wall: () => log.number("wall") },
    random: () => log.number("random"),
  };
}

/** Waits are over at once, and the end of the log is the end of the run. */
function replayed(name: string, isa: Isa, log: LogReader): Instrument {
  return {
    session(session, { vcpu }) {
      let end: string | undefined;
      let exits = 0;
      const compare = (at: number): void => {
        if (log.nextCheckpoint === at) log.checkpoint(at, stateHash(vcpu, at, isa));
      };
      const stopAt = (error: unknown): void => {
        if (error instanceof EndOfLog) end = "the recording ends here";
        else if (error instanceof Solo5Error) end = error.message;
        else throw error;
      };
      return {
        get state(): SessionState {
          if (end === undefined) return session.state;
          return {
            kind: "ended",
            status: 1,
            message: `${name}: ${end}, after ${vcpu.instructions} instructions`,
          };
        },
        answer(exit) {
          try {
            if (isGuests(exit)) compare(++exits);
            const verdict = session.answer(exit);
            if (session.state.kind === "ended") {
              if (log.nextCheckpoint !== exits + 1)
                throw new Solo5Error("DIVERGED", `the guest ends at exit ${exits}, its recording elsewhere`);
              compare(exits + 1);
            }
            if (session.state.kind !== "waiting") return verdict;
            session.wake();
            // What woke the guest may have been nothing that it waits for.
            while (session.state.kind === "waiting") {
              if (log.isAtEnd) throw new EndOfLog();
              session.wake();
            }
            return "resume";
          } catch (error) {
            stopAt(error);
            return "suspend";
          }
        },
        wake: () => session.wake(),
        stateful:
          session.stateful &&
          stateOfParts({
            session: session.stateful,
            replay: {
              save: () => exits,
              restore(saved: number) {
                end = undefined;
                exits = saved;
              },
            },
          }),
      };
    },
  };
}
