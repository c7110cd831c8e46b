// The allowed calls of spt against the list in docs/abi.md 4.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { syscalls, type SyscallName } from "../../abi/spt.js";
import { abiAllows, devices, randomCall } from "./rules.cases.js";
import { isAllowed, sptRules } from "./rules.js";

for (const isa of ["x86-64", "aarch64"] as const) {
  test(`${isa}: the rules allow what the ABI does, and nothing else`, () => {
    const rules = sptRules(isa, devices);
    const names = Object.entries(syscalls[isa]) as readonly (readonly [SyscallName, number | null])[];
    fc.assert(
      fc.property(randomCall(isa), (call) => {
        const name = names.find(([, nr]) => nr === call.nr)?.[0];
        const allowed = name !== undefined && isAllowed(rules, name, call.args);
        assert.equal(allowed, abiAllows(isa, devices, call));
      }),
      { seed: 5010, numRuns: 10_000 },
    );
  });
}
