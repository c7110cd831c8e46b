// solo5 self-test: the unikernels of the package solo5-self-tests on this machine.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { hostIsa } from "../host/any/host-isa.js";
import { selfTestReports } from "../setup/self-tests/reports.js";
import {
  runSelfTests,
  selfTestCases,
  selfTestTargets,
  type SelfTestTarget,
} from "../setup/self-tests/run.js";
import { engineNames } from "../tender/running.js";
import type { selfTestOptions } from "../tender/options.js";
import { valueOf } from "../tender/parse-options.js";
import { selfTestsFolder } from "../toolchain/self-tests-folder.js";
import { print, UsageError } from "./command.js";
import type { Invocation } from "./own-command.js";

const isTarget = (name: string): name is SelfTestTarget =>
  (selfTestTargets as readonly string[]).includes(name);

function checkTargets(names: readonly string[]): readonly SelfTestTarget[] {
  const unknown = names.find((name) => !isTarget(name));
  if (unknown !== undefined)
    throw new UsageError(`there is no target ${unknown}: ${selfTestTargets.join(", ")}`);
  return names.length === 0 ? selfTestTargets : names.filter(isTarget);
}

function checkEngine(engine: string | undefined): string | undefined {
  if (engine === undefined || ["auto", ...engineNames].includes(engine)) return engine;
  throw new Solo5Error(
    "ENGINE",
    `there is no engine '${engine}': choose one of auto, ${engineNames.join(", ")}`,
  );
}

export async function selfTestCommand({
  given,
  operands,
}: Invocation<keyof typeof selfTestOptions>): Promise<number> {
  const targets = checkTargets(operands);
  const names = given.filter(({ option }) => option === "test").map(({ value }) => value);
  const formats = Object.keys(selfTestReports);
  const format = valueOf(given, "format") ?? "table";
  const report = Object.hasOwn(selfTestReports, format) ? selfTestReports[format] : undefined;
  if (report === undefined) throw new UsageError(`--format is ${formats.join(", ")}, not ${format}`);
  const cases = selfTestCases({ targets, names });
  const missing = names.find((name) => !cases.some(({ row }) => row.name === name));
  if (missing !== undefined)
    throw new UsageError(`there is no self-test ${missing} of ${targets.join(", ")}`);
  const engine = checkEngine(valueOf(given, "engine"));
  const folder = valueOf(given, "from") ?? selfTestsFolder();
  if (folder === undefined)
    throw new Solo5Error("NO_FILE", "the self-tests are not here: npm install solo5-self-tests");
  if (!existsSync(folder)) throw new Solo5Error("NO_FILE", `${folder}: there is no such folder`);
  const command = process.argv[1] ?? "";
  print(report.before(cases.length));
  let number = 0;
  const results = await runSelfTests(
    { folder: join(folder), targets, names, engine, isa: hostIsa(), command },
    (result) => print(report.each(result, ++number)),
  );
  print(report.after(results));
  return results.some(({ fault }) => fault !== undefined) ? 1 : 0;
}
