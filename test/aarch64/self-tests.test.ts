// All code of our own self-tests is in the table, and binutils read it as we do.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decode } from "../../src/isa/aarch64/decoder.js";
import { format } from "../../src/isa/aarch64/disassembler.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";
import { codeByBinutils } from "./binutils.js";

const folder = join(projectRoot, "dist", "guest", "tests", "aarch64");
const skip = needsAll(needs.file(folder, "npm run build"), needs.program("aarch64-linux-gnu-objdump"));

/** Those of a kernel: its registers have names of their own, and a process has none of its returns. */
const ofKernels = /^(msr|mrs|sys|eret)\b/;
/** Beside its symbol a target is written without 0x. */
const likeTheirs = (text: string): string => text.replace(/ 0x([0-9a-f]+)$/, " $1");

test("the code of all self-tests is in the table", { skip }, () => {
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^test_.*\.(spt|hvt)$/.test(name))
    : [];
  const code = files.flatMap((name) => codeByBinutils(join(folder, name)));
  assert.ok(code.length > 10_000);
  const different = code.flatMap(({ pc, word, text }) => {
    if (text === undefined || ofKernels.test(text)) return [];
    const found = decode(word, pc);
    const ours = found === undefined ? "unknown" : format(found);
    return ours === text || likeTheirs(ours) === text ? [] : [`${ours} | ${text}`];
  });
  assert.equal([...new Set(different)].join("\n"), "");
});
