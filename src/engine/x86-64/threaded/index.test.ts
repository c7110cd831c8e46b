// What the first tier says to whoever decides about translating: a program of two functions, counted by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Core } from "../core.js";
import { GuestFault } from "../fault.js";
import { machineMemory } from "../../portable/memory/machine-memory.js";
import { ThreadedTier, type TierOptions } from "./index.js";

const CODE = 0x20_0000;
const [AGAIN, BACK, END, FUNCTION] = [CODE + 5, CODE + 0xa, CODE + 0xe, CODE + 0xf];
/** mov ecx, 10; again: call function; dec ecx; jnz again; int3; function: add eax, 3; ret */
const program = "b90a000000 e805000000 ffc9 75f7 cc 83c003 c3";

function newTier(countdown: number, options: TierOptions = {}) {
  const memory = machineMemory(0x60_0000);
  const core = new Core({ memory, protections: [], exceptions: "exit", noExecute: false, profile: "replay" });
  memory.bytes(CODE, 64)?.set(Buffer.from(program.replaceAll(" ", ""), "hex"));
  const calls: string[] = [];
  const translated = new Set<number>();
  const tier = new ThreadedTier(
    core,
    memory,
    {
      countdown: () => countdown,
      isExact: () => false,
      isTranslated: (pc) => translated.has(pc),
      translated: () => translated,
      called: (site, target, isIndirect) => calls.push(`${site - CODE} ${target - CODE} ${isIndirect}`),
    },
    { warmUp: 0, ...options },
  );
  core.keepsExceptions = false;
  core.cpu.rip = CODE;
  core.cpu.setGpr(4, 0x50_0000n);
  return { core, tier, calls, translated };
}

/** Instructions of the first round, up to the call, and of each: call, add, ret, dec, jnz. */
const [BEFORE, ROUND] = [1, 5];

test("an address is hot when it has been jumped to more often than its countdown", () => {
  const { core, tier, calls } = newTier(4, { ahead: [CODE, AGAIN, BACK, FUNCTION] });
  assert.equal(tier.run(1000), "hot");
  assert.equal(core.cpu.rip, FUNCTION);
  assert.equal(core.executed, BEFORE + 4 * ROUND + 1);
  // A direct call is told of once.
  assert.deepEqual(calls, ["5 15 false"]);
  assert.equal(tier.run(1000), "hot");
  assert.equal(core.cpu.rip, BACK);
  tier.setCountdown(FUNCTION, 2);
  assert.equal(tier.run(1000), "hot");
  assert.equal(core.cpu.rip, AGAIN);
  assert.equal(tier.run(1000), "hot");
  assert.deepEqual([core.cpu.rip, core.executed], [FUNCTION, BEFORE + 7 * ROUND + 1]);
});

test("translated code is come to at a jump, not where the run begins", () => {
  const { core, tier, translated } = newTier(1000);
  translated.add(BACK);
  assert.equal(tier.run(1000), "translated");
  assert.equal(core.cpu.rip, BACK);
  tier.setTranslated(BACK, false);
  tier.setTranslated(FUNCTION, true);
  assert.equal(tier.run(1000), "translated");
  assert.deepEqual([core.cpu.rip, core.executed], [FUNCTION, BEFORE + ROUND + 1]);
  assert.equal(tier.run(1), "limit");
  assert.equal(core.executed, BEFORE + ROUND + 2);
});

test("what has run is known, and the interpreter's fault comes out", () => {
  const { core, tier } = newTier(1000);
  assert.equal(tier.run(3), "limit");
  assert.deepEqual(
    [CODE, AGAIN, FUNCTION, FUNCTION + 3].map((pc) => core.ran.has(pc)),
    [true, true, true, true],
  );
  assert.deepEqual(
    [BACK, END, CODE + 1].map((pc) => core.ran.has(pc)),
    [false, false, false],
  );
  assert.throws(() => tier.run(1000), GuestFault);
  assert.equal(core.executed, BEFORE + 10 * ROUND);
  assert.equal(core.cpu.gpr(0), 30n);
  core.ran.forgetPage(Math.floor(CODE / 4096));
  assert.equal(core.ran.has(CODE), false);
});
