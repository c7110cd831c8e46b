// Records a run: every answer of the host that a guest could not foretell goes to the log, in the order of the asking.
// Whatever else a guest does follows from them. What has been asked is in the file before anybody outside can see what
// came of it, so that a run that is killed replays to what was seen of it. An instrument of the run loop.
import type { Isa } from "../../abi/elf.js";
import type { BlockDevice } from "../../device/contract.js";
import type { NetDevice } from "../../net/contract.js";
import type { Guest, GuestHost, Session } from "../../targets/contract.js";
import type { Instrument } from "../../tender/instrument.js";
import { type CheckpointGuest, isGuests, schedule, stateHash } from "./checkpoint.js";
import { createLogWriter, type LogWriter } from "./log.js";

/** The header of a log: what the guest's start depends on beside its file. */
export interface RecordingHeader {
  readonly name: string;
  readonly memSize: number;
  readonly cmdline: string;
  readonly execHeap: boolean;
  readonly devices: readonly (
    | { readonly type: "NET_BASIC"; readonly mtu: number; readonly mac: readonly number[] }
    | { readonly type: "BLOCK_BASIC"; readonly capacity: string; readonly blockSize: number }
  )[];
}

function headerOf({ unikernel, memSize, cmdline, execHeap, devices }: Guest): RecordingHeader {
  return {
    name: unikernel.name,
    memSize,
    cmdline,
    execHeap,
    devices: devices.map((device) =>
      device.type === "NET_BASIC"
        ? { type: device.type, mtu: device.mtu, mac: [...(device.mac ?? [])] }
        : { type: device.type, capacity: String(device.capacity), blockSize: device.blockSize },
    ),
  };
}

interface Recorder extends Instrument {
  /** To be called before anything is shown that another instrument has seen. */
  flush(): void;
}

/** `write` gets the log piece by piece. `guest` has an address for every network device. */
export function record(guest: Guest, write: (data: Uint8Array) => void): Recorder {
  const log = createLogWriter(headerOf(guest), guest.unikernel.file, write);
  return {
    isExact: true,
    flush: () => log.flush(),
    host: (host) => recorded(host, log),
    session: (session, { vcpu }) => withCheckpoints(session, vcpu, guest.unikernel.isa, log),
    // Whenever the guest pauses; a crash of the host loses what came since.
    hold() {
      log.flush();
      return undefined;
    },
    ended({ status }) {
      log.number("end", BigInt(status));
      log.flush();
      return undefined;
    },
  };
}

/** Checkpoints as often as they cost little, and one at the end. */
function withCheckpoints(session: Session, vcpu: CheckpointGuest, isa: Isa, log: LogWriter): Session {
  const checkpoints = schedule();
  let exits = 0;
  return {
    ...session,
    get state() {
      return session.state;
    },
    answer(exit) {
      if (isGuests(exit)) {
        exits++;
        if (checkpoints.isDue(exits)) {
          const before = performance.now();
          log.checkpoint(exits, stateHash(vcpu, exits, isa));
          checkpoints.made(performance.now() - before);
        }
      }
      const verdict = session.answer(exit);
      if (session.state.kind === "ended") log.checkpoint(exits + 1, stateHash(vcpu, exits + 1, isa));
      return verdict;
    },
    wake: () => session.wake(),
  };
}

function recorded(host: GuestHost, log: LogWriter): GuestHost {
  const time = (name: "monotonic" | "wall") => (): bigint => {
    const value = host.clock[name]();
    log.number(name, value);
    return value;
  };
  return {
    nets: new Map([...host.nets].map(([handle, net]) => [handle, recordedNet(net, log)])),
    blocks: new Map([...host.blocks].map(([handle, block]) => [handle, recordedBlock(block, log)])),
    console: {
      write(data) {
        log.flush();
        host.console.write(data);
      },
    },
    clock: { monotonic: time("monotonic"), wall: time("wall") },
    random() {
      const value = host.random();
      log.number("random", value);
      return value;
    },
  };
}

function recordedNet(net: NetDevice, log: LogWriter): NetDevice {
  return {
    mtu: net.mtu,
    get readable() {
      const { readable } = net;
      log.truth("readable", readable);
      return readable;
    },
    read() {
      const frame = net.read();
      if (frame === undefined) log.truth("noFrame", true);
      else log.bytes("frame", frame);
      // A capture shows it.
      log.flush();
      return frame;
    },
    write(frame) {
      log.flush();
      const result = net.write(frame);
      log.number("result", BigInt(result));
      return result;
    },
    onReadable: (listener) => net.onReadable(listener),
    close: () => net.close(),
  };
}

function recordedBlock(block: BlockDevice, log: LogWriter): BlockDevice {
  return {
    capacity: block.capacity,
    blockSize: block.blockSize,
    read(offset, into) {
      const result = block.read(offset, into);
      log.number("result", BigInt(result));
      // After an error the buffer may hold a part.
      log.bytes("sectors", into);
      return result;
    },
    write(offset, data) {
      log.flush();
      const result = block.write(offset, data);
      log.number("result", BigInt(result));
      return result;
    },
    close: () => block.close(),
  };
}
