// Records whole unikernels and replays them, all in this process, and holds the two runs to each other: the same number of
// instructions, the same memory.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Isa } from "../src/abi/elf.js";
import { openReplay } from "../src/debug/record/replayer.js";
import { record } from "../src/debug/record/recorder.js";
import { portableEngines, type PortableEngine } from "../src/engine/engines.js";
import { open } from "../src/index.js";
import { hostClock } from "../src/host/any/clock.js";
import type { Guest, GuestHost, SessionState } from "../src/targets/contract.js";
import { targets } from "../src/targets/registry.js";
import { random } from "../src/tender/entropy.js";
import type { Controls, Ended, Instrument } from "../src/tender/instrument.js";
import { shared } from "../src/tender/pace.js";
import { runGuest } from "../src/tender/run.js";
import { selfTest } from "./command.js";
import { memoryDisk } from "./memory-disk.js";
import type { SelfTest } from "./self-tests.js";

/** What a run came to, as seen from outside. */
export interface Trail {
  readonly outcome: Ended;
  readonly instructions: bigint;
  readonly memory: string;
  readonly registers: readonly bigint[];
}

/** Registers that a run that differs has others in. */
const watched: Readonly<Record<Isa, readonly string[]>> = {
  "x86-64": ["rip", "rsp", "rax", "rflags"],
  aarch64: ["pc", "sp", "x0", "nzcv"],
};

/** Runs to the end in the replay profile. */
export async function run(
  guest: Guest,
  host: GuestHost,
  instruments: readonly Instrument[],
  change: Partial<PortableEngine> = {},
): Promise<Trail> {
  const { isa, target: name } = guest.unikernel;
  const [portable, target] = [await portableEngines[isa]?.(), targets[name]];
  assert.ok(portable !== undefined && target !== undefined);
  const engine = { ...portable, ...change };
  let trail: Omit<Trail, "outcome"> | undefined;
  let controls: Controls | undefined;
  const look: Instrument = {
    session(session, given) {
      controls = given;
      return session;
    },
    ended() {
      assert.ok(controls !== undefined);
      const { memory, registers, instructions } = controls.vcpu;
      trail = {
        instructions,
        memory: createHash("sha256")
          .update(memory.bytes(0, memory.size) ?? new Uint8Array())
          .digest("hex"),
        registers: watched[isa].map((name) => registers.get(name)),
      };
      return undefined;
    },
  };
  const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const { ended } = runGuest(guest, target, engine, host, {
    pace: shared(nextTurn, host.clock),
    profile: "replay",
    instruments: [...instruments, look],
  });
  const outcome = await ended;
  assert.ok(trail !== undefined);
  return { outcome, ...trail };
}

export const quiet = { write() {} };
export const nothing: GuestHost = {
  nets: new Map(),
  blocks: new Map(),
  console: quiet,
  clock: hostClock,
  random,
};
export const concat = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));
export const guestOf = (
  name: string,
  devices: (guest: Guest["unikernel"]) => Guest["devices"] = () => [],
  args = "",
): Guest => {
  const unikernel = open(selfTest(name));
  return { unikernel, devices: devices(unikernel), memSize: 16 << 20, cmdline: args, execHeap: false };
};

/** A guest of a self-test's row whose block devices are one disk in memory, with blocks of the size that the row says. */
export function guestWithDisk(
  { args = [], options = () => [] }: SelfTest,
  file: string,
  memSize: number,
): { readonly guest: Guest; readonly host: Partial<GuestHost> } {
  const disk = memoryDisk(options("").some((option) => option.endsWith("=4096")) ? 4096 : 512);
  const { capacity, blockSize } = disk;
  const guest = guestOf(
    file,
    ({ devices }) => devices.map((device) => ({ ...device, type: "BLOCK_BASIC", capacity, blockSize })),
    args.join(" "),
  );
  const blocks = new Map(guest.devices.map(({ handle }) => [handle, disk]));
  return { guest: { ...guest, memSize }, host: { blocks } };
}

/** `during` may end the run, whose outcome is then no part of the comparison. */
export async function assertReplays(
  guest: Guest,
  host: GuestHost,
  during?: (controls: Controls, state: () => SessionState) => Promise<void>,
): Promise<Trail> {
  const pieces: Uint8Array[] = [];
  const driver: Instrument = {
    session(session, controls) {
      void during?.(controls, () => session.state);
      return session;
    },
  };
  const recorder = record(guest, (data) => void pieces.push(data.slice()));
  const recorded = await run(guest, host, [recorder, driver]);
  let output = "";
  const console = { write: (data: Uint8Array) => void (output += new TextDecoder().decode(data)) };
  const { guest: again, instrument } = openReplay(concat(pieces), "log", console);
  const replayed = await run(again, nothing, [instrument]);
  if (during === undefined) assert.deepEqual(replayed, recorded);
  else assert.deepEqual({ ...replayed, outcome: undefined }, { ...recorded, outcome: undefined });
  assert.match(output, /standalone test_/);
  return recorded;
}
