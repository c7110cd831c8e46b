// The engine of every ISA, as whoever runs a unikernel gets it.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { portableEngines } from "./engines.js";

for (const [isa, load] of Object.entries(portableEngines)) {
  test(`${isa}: memory and virtual CPU fit each other`, async () => {
    const engine = await load();
    const memory = engine.newMemory(0x10_0000);
    using vcpu = engine.newVcpu({
      memory,
      exceptions: "exit",
      noExecute: true,
      protections: [],
      profile: "plain",
    });
    // Nothing may be executed.
    let kind = "";
    vcpu.run((exit) => {
      ({ kind } = exit);
      return "suspend";
    });
    assert.deepEqual([kind, vcpu.memory.size], ["fault", 0x10_0000]);
    assert.ok(existsSync(fileURLToPath(engine.url)), engine.url);
  });
}
