// Every encoding of the opcode maps that the real CPU executes in user mode is a row of the table, and nothing else is, but
// for features that CPUID does not announce and what differs from CPU to CPU.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cpuid } from "../../src/engine/x86-64/cpuid.js";
import { newInterpreter } from "../../src/engine/x86-64/interpreter.js";
import { decode } from "../../src/isa/x86-64/decoder.js";
import { projectRoot } from "../project.js";
import { whyNotNative } from "./native.js";
import { missingFeatures } from "./not-comparable.js";
import { morePrefixes, plainPrefixes, type Point, points, vexPoints } from "./opcode-maps.js";
import { type Difference, sweep } from "./sweep.js";
import { isUnannounced, unannounced } from "./unannounced.js";

const [SYSCALL, SYSENTER, INT, INT3, CALLS] = [0x05, 0x34, 0xcd, 0xcc, 0x01] as const;
const [VMCALL, VMMCALL] = [0xc1, 0xd9];

/** Not to be executed at all: the kernel or the hypervisor below would answer. */
function leavesProcess({ map, opcode, modrm }: Point): boolean {
  if (map === 0) return opcode === INT || opcode === INT3;
  if (map !== 1) return false;
  return (
    opcode === SYSCALL || opcode === SYSENTER || (opcode === CALLS && (modrm === VMCALL || modrm === VMMCALL))
  );
}

/** Two answers of CPUs, or of Linux, that are both right. */
function differsBetweenCpus({ point: { map, opcode, modrm = 0 }, cpu, engine }: Difference): boolean {
  if (map !== 1) return false;
  // Of the hints only Intel's take registers in 0F 0D.
  if (opcode === 0x0d && modrm >= 0xc0) return cpu === "#UD";
  // SGDT, SIDT, SLDT, STR, SMSW: Linux emulates them where UMIP forbids them, but not with every prefix.
  const isTable =
    (opcode === 0x00 && (modrm & 0x30) === 0) || (opcode === 0x01 && [0, 1, 4].includes((modrm >> 3) & 7));
  return isTable && cpu === "exception 13" && engine.startsWith("executes");
}

const lacking = missingFeatures();

/** The CPU refuses a feature that it does not have. */
function isLacking({ point, cpu }: Difference): boolean {
  const found = decode(Uint8Array.from([...point.bytes, ...Array.from({ length: 12 }, () => 0xcc)]), 0, 0);
  return cpu === "#UD" && typeof found !== "string" && lacking.has(found.row.traits.feature ?? "");
}

for (const [name, listed] of [
  ["mandatory prefixes", points(plainPrefixes)],
  ["prefixes that compete, LOCK, and ignored ones", points(morePrefixes)],
  ["VEX", vexPoints()],
] as const) {
  test(`the opcode maps with ${name} are those of the CPU`, { skip: whyNotNative() ?? false }, (t) => {
    const all = listed.filter((point) => !leavesProcess(point));
    const found = sweep(newInterpreter, all).filter(
      (one) =>
        !differsBetweenCpus(one) && !isLacking(one) && !(isUnannounced(one.point) && one.engine === "#UD"),
    );
    t.diagnostic(`${all.length} encodings`);
    assert.equal(
      found.map(({ text, cpu, engine }) => `${text}: CPU ${cpu}, engine ${engine}`).join("\n"),
      "",
    );
  });
}

test("CPUID announces none of what is left out, and the documentation names it", () => {
  const documentation = readFileSync(join(projectRoot, "docs", "engine.md"), "utf8");
  for (const { name, announced } of unannounced) {
    const [leaf, register, bit] = announced;
    const value = cpuid(leaf, 0)[{ ebx: 1, ecx: 2, edx: 3 }[register]] ?? 0;
    assert.equal((value >> bit) & 1, 0, name);
    assert.ok(documentation.includes(name), `docs/engine.md does not name ${name}`);
  }
});
