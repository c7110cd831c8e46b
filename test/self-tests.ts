// How tests ask the table of self-tests: an outcome that is not the row's fails the test with what was said.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TargetName } from "../src/abi/notes.js";
import { selfTestFault, type SelfTestRow } from "../src/setup/self-tests/table.js";
import type { Outcome } from "./command.js";

export {
  netTests,
  onKvm,
  onVmm,
  qemuStatus,
  selfTests,
  type SelfTestRow as SelfTest,
} from "../src/setup/self-tests/table.js";

/** Whether an outcome is what the test's row for `target` says. Throws AssertionError. */
export function checkOutcome(row: SelfTestRow, target: TargetName, outcome: Outcome): void {
  const fault = selfTestFault(row, target, outcome);
  if (fault !== undefined) assert.fail(`${fault}\n${outcome.stdout}${outcome.stderr}`);
}

/** A zero-filled disk of 64 KiB in `folder`. */
export function newDisk(folder: string): string {
  const path = join(mkdtempSync(join(folder, "disk-")), "disk");
  writeFileSync(path, new Uint8Array(0x10000));
  return path;
}
