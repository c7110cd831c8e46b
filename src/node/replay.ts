// Runs a recording again on the portable engine, with no device of this host.
import { createCleanup } from "../bytes/cleanup.js";
import { Solo5Error } from "../bytes/error.js";
import { openReplay } from "../debug/record/replayer.js";
import { createHistory } from "../debug/reverse/history.js";
import { portableEngines } from "../engine/engines.js";
import type { GuestHost } from "../targets/contract.js";
import { targets } from "../targets/registry.js";
import { random } from "../tender/entropy.js";
import type { Instrument } from "../tender/instrument.js";
import { shared } from "../tender/pace.js";
import { runGuest } from "../tender/run.js";
import { hostClock } from "../host/any/clock.js";
import { stdoutConsole } from "../host/any/console.js";
import type { DebugRequest } from "../tender/debug-request.js";
import { readFile } from "../host/any/files.js";
import { signalled, type Started } from "../tender/running.js";
import { openInstruments } from "../host/any/instruments.js";
import { nextTurn } from "./wasm.js";

/** Starts the recording in `file`. Throws Solo5Error. */
export async function startReplay(
  file: string,
  debug: DebugRequest,
  reporter: string,
): Promise<Pick<Started, "exited" | "signal">> {
  const replay = openReplay(readFile(file), file, stdoutConsole);
  const { guest } = replay;
  const { isa, target: name } = guest.unikernel;
  const engine = await portableEngines[isa]?.();
  const target = targets[name];
  if (engine === undefined || target === undefined)
    throw new Solo5Error("ENGINE", `${file}: there is no engine for ${name} unikernels of ${isa}`);
  const cleanup = createCleanup();
  const past = createHistory(replay.stateful, hostClock);
  const instruments = [
    replay.instrument,
    instructionCount(reporter),
    ...(debug.gdb === undefined ? [] : [past.instrument]),
    ...openInstruments(debug, guest, reporter, cleanup, past.history),
  ];
  // The recorded devices take this host's place.
  const host: GuestHost = {
    nets: new Map(),
    blocks: new Map(),
    console: stdoutConsole,
    clock: hostClock,
    random,
  };
  const { ended, stop } = runGuest(guest, target, engine, host, {
    pace: shared(nextTurn, hostClock),
    instruments,
    profile: "replay",
  });
  return {
    exited: ended.finally(cleanup.release),
    signal: (signal) => stop(signalled(guest, signal)),
  };
}

/** Says at the end how far the guest came: two replays of one recording say the same. */
function instructionCount(reporter: string): Instrument {
  let count = (): bigint => 0n;
  return {
    session(session, { vcpu }) {
      count = () => vcpu.instructions;
      return session;
    },
    ended() {
      process.stderr.write(`${reporter}: replayed ${count()} instructions\n`);
      return undefined;
    },
  };
}
