// A replay that is driven by hand, with a history to go back in.
import assert from "node:assert/strict";
import { openReplay } from "../src/debug/record/replayer.js";
import { createHistory } from "../src/debug/reverse/history.js";
import type { Console } from "../src/device/contract.js";
import { protectionsOf } from "../src/engine/contract.js";
import { portableEngines } from "../src/engine/engines.js";
import { hostClock } from "../src/host/any/clock.js";
import { targets } from "../src/targets/registry.js";
import { random } from "../src/tender/entropy.js";

/** `when` says how often the history keeps a state. */
export async function steppedReplay(
  log: Uint8Array,
  console: Console,
  when?: Parameters<typeof createHistory>[2],
) {
  const replay = openReplay(log, "log", console);
  const { guest } = replay;
  const { isa, target: name } = guest.unikernel;
  const [engine, target] = [await portableEngines[isa]?.(), targets[name]];
  assert.ok(engine !== undefined && target !== undefined);
  const map = target.memory(guest);
  const vcpu = engine.newVcpu({
    memory: engine.newMemory(map.size),
    exceptions: target.exceptions,
    ...protectionsOf(map),
    profile: "replay",
  });
  const { instrument, history } = createHistory(replay.stateful, hostClock, when);
  const host = { nets: new Map(), blocks: new Map(), console, clock: hostClock, random };
  const controls = { vcpu, attention() {}, stop() {} };
  const started = target.start(
    guest,
    instrument.vcpu?.(vcpu) ?? vcpu,
    replay.instrument.host?.(host) ?? host,
  );
  const session = replay.instrument.session?.(started, controls) ?? started;
  instrument.session?.(session, controls);
  return {
    vcpu,
    history,
    isRunning: () => session.state.kind === "running",
    /** Goes on for at most so many instructions, after which the history may keep the state. */
    forward(instructions: number) {
      vcpu.setBudget(instructions);
      vcpu.run(session.answer);
    },
    hold: () => void instrument.hold?.(),
  };
}
