// Assembles programs for the real CPU and an engine alike, with the project's compiler: each in a slot of its own.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCompiler } from "../../src/toolchain/compiler.js";
import { CODE, CODE_MAX, CODE_STRIDE } from "./state.js";

const addressOf = (n: number) => CODE + n * CODE_STRIDE + CODE_STRIDE / 2;

/** Machine code of each program (in Intel's syntax), to run at `pc`, and INT3 behind it. */
export function assemble(programs: readonly string[]): { pc: number; code: Uint8Array }[] {
  const folder = mkdtempSync(join(tmpdir(), "solo5-assemble-"));
  try {
    const [source, object, image] = ["s", "o", "bin"].map((ending) => join(folder, `programs.${ending}`));
    if (source === undefined || object === undefined || image === undefined) return [];
    const text = programs.map((program, n) => `.org ${addressOf(n) - CODE}, 0xcc\n${program}\n`);
    writeFileSync(
      source,
      `.intel_syntax noprefix\n${text.join("")}.org ${addressOf(programs.length) - CODE}, 0xcc\n`,
    );
    const { cc, ld } = findCompiler("x86-64");
    const run = ([command = "", ...given]: readonly string[], ...more: readonly string[]) =>
      execFileSync(command, [...given, ...more]);
    run(cc, "-c", "-o", object, source);
    run(ld, "--oformat=binary", `-Ttext=${CODE}`, "-e", String(CODE), "-o", image, object);
    const bytes = readFileSync(image);
    return programs.map((_, n) => {
      const at = addressOf(n) - CODE;
      const code = new Uint8Array(CODE_MAX).fill(0xcc);
      code.set(bytes.subarray(at, at + CODE_MAX));
      return { pc: addressOf(n), code };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
