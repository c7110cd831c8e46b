// Runs every test of dist/ (or those whose path contains an argument) and prints `N passed, N failed, N skipped` last.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { elsewhere } from "./needs.js";
import { projectRoot } from "./project.js";

const dist = join(projectRoot, "dist");
const wanted = process.argv.slice(2);
const files = readdirSync(dist, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.js"))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .toSorted()
  .map((name) => join(dist, name));

// The witnesses speak as the tests know them; all else is as the user has it. A locale that is not installed makes shells
// complain of LC_ALL, and of nothing else.
const { LC_ALL: locale, ...environment } = process.env;
process.env = {
  ...environment,
  ...(locale === undefined || locale === "" ? {} : { LANG: locale }),
  LC_MESSAGES: "C",
};
// Nothing is taken from an earlier run, but where a test is about that.
process.env["SOLO5_CACHE"] = "none";
const counts = { passed: 0, failed: 0, skipped: 0, elsewhere: 0 };
const isFileSuite = (name: string) => files.includes(name);
const tests = run({ files, concurrency: 2, timeout: 480_000 });
tests.on("test:pass", ({ name, skip, details }) => {
  if (isFileSuite(name) || details.type === "suite") return;
  if (skip === undefined || skip === false) counts.passed++;
  else if (typeof skip === "string" && skip.startsWith(elsewhere)) counts.elsewhere++;
  else counts.skipped++;
});
tests.on("test:fail", () => counts.failed++);
tests.compose(new spec()).pipe(process.stdout);
tests.on("end", () => {
  // In CI a test that did not run is no better than one that failed.
  const bad = counts.failed + (process.env["SOLO5_NO_SKIP"] === "1" ? counts.skipped : 0);
  process.exitCode = bad > 0 || counts.passed === 0 ? 1 : 0;
  process.on("exit", () => {
    if (counts.elsewhere > 0) process.stdout.write(`${counts.elsewhere} more in the rigs alone\n`);
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  });
});
