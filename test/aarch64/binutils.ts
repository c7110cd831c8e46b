// What binutils read in words, and where their notation differs from the manual's and ours.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Disassembles words that lie one behind the other from address 0 on; undefined for what is not allocated. */
export function disassembleByBinutils(words: readonly number[]): (string | undefined)[] {
  const folder = mkdtempSync(join(tmpdir(), "solo5-isa-"));
  try {
    const file = join(folder, "code");
    writeFileSync(file, new Uint8Array(Int32Array.from(words).buffer));
    const flags = ["-D", "-z", "-b", "binary", "-m", "aarch64", "-M", "no-aliases", "--no-show-raw-insn"];
    const { stdout } = spawnSync("aarch64-linux-gnu-objdump", [...flags, file], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    const lines = [...stdout.matchAll(/^\s*[0-9a-f]+:\s+(.*)$/gm)].map((m) => plain(m[1] ?? ""));
    return lines.map((line) => (/^(\.inst|undefined)/.test(line) ? undefined : line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The code of a file, as far as its symbols say that it is code. */
export function codeByBinutils(file: string): { pc: number; word: number; text: string | undefined }[] {
  const flags = ["-d", "-M", "no-aliases", "-w", "--show-raw-insn"];
  const { stdout } = spawnSync("aarch64-linux-gnu-objdump", [...flags, file], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return [...stdout.matchAll(/^\s*([0-9a-f]+):\s+([0-9a-f]{8})\s+(.*)$/gm)].map(
    ([, pc = "", word = "", text = ""]) => ({
      pc: Number.parseInt(pc, 16),
      word: Number.parseInt(word, 16) | 0,
      text: allocated(plain(text)),
    }),
  );
}

const allocated = (text: string): string | undefined =>
  /^(\.inst|undefined|udf)/.test(text) ? undefined : text;

/**
 * Where binutils need not read the same: floating point on halves is a feature that is not there, system registers have names
 * beyond those of a process, and of LDPSW they know no form whose registers are not all different.
 */
export function isSame(ours: string | undefined, theirs: string | undefined): boolean {
  if (ours === theirs) return true;
  if (ours === undefined) return /^(f|[su]cvtf).*(\.[48]h|\bh\d)/.test(theirs ?? "");
  if (/\bs[23]_\d_c/.test(ours)) return theirs?.slice(0, 3) === ours.slice(0, 3);
  return theirs === undefined && /^ldpsw (?:x(\d+|zr), x\1\b|(?:\S+, )?x(\d+),.*\[x\2\b)/.test(ours);
}

/** Without comments and symbols. */
const plain = (text: string): string =>
  text
    .replace(/\s*(\/\/|<).*$/, "")
    .replace(/\s+/g, " ")
    .trim();
