// The sessions of docs/debugging.md, with a real gdb.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { selfTest } from "./command.js";
import { needs } from "./needs.js";
import { runSession, sessionsOf } from "./session.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-debugging-"));
after(() => rmSync(folder, { recursive: true }));
for (const name of ["globals", "fpu", "dumpcore", "exception", "hello", "time", "blk"]) {
  for (const target of ["hvt", "spt", "virtio"]) {
    cpSync(selfTest(`test_${name}.${target}`), join(folder, `test_${name}.${target}`));
  }
}
writeFileSync(join(folder, "disk"), new Uint8Array(0x10000));

const page = "docs/debugging.md";
for (const session of sessionsOf(page)) {
  const [title] = session.lines;
  test(`${page}:${session.line} ${title}`, { skip: needs.program("gdb") }, () => runSession(session, folder));
}
