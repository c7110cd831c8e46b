// Asks a C compiler what headers say: the witness for layouts and constants that are declared a second time in
// TypeScript. Needs gcc.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The values of integer `expressions` under `prologue` (includes, defines). */
export function cValues(
  prologue: string,
  expressions: readonly string[],
  flags: readonly string[] = [],
): bigint[] {
  const folder = mkdtempSync(join(tmpdir(), "solo5-c-"));
  try {
    const program = join(folder, "values");
    const lines = expressions.map((expression) => `  printf("%lld\\n", (long long)(${expression}));\n`);
    const source = `${prologue}\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n${lines.join("")}}\n`;
    execFileSync("gcc", [...flags, "-w", "-x", "c", "-o", program, "-"], {
      input: source,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
    });
    return execFileSync(program, { encoding: "utf8" }).trim().split("\n").map(BigInt);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
