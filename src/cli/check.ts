// solo5 check: what this machine can do for unikernels; the first thing to ask for in a bug report.
import { checkMachine, type CheckReport } from "../setup/check/rows.js";
import type { checkOptions } from "../tender/options.js";
import { valueOf } from "../tender/parse-options.js";
import { print, UsageError } from "./command.js";
import type { Invocation } from "./own-command.js";

const gib = 1 << 30;

function text({ solo5, node, system, checks }: CheckReport): string {
  const { platform, release, arch, cpus, memoryBytes } = system;
  const head = `solo5 ${solo5}, Node ${node}, ${platform} ${release} ${arch}, ${cpus} CPUs, ${(memoryBytes / gib).toFixed(1)} GiB\n`;
  const lines = checks.map(({ name, state, says, wayOut }) => {
    const way = wayOut === undefined ? "" : `${" ".repeat(20)}-> ${wayOut}\n`;
    return `${state.padEnd(8)}${name.padEnd(12)}${says}\n${way}`;
  });
  return head + lines.join("");
}

export function checkCommand({ given, operands }: Invocation<keyof typeof checkOptions>): number {
  if (operands.length > 0) throw new UsageError(`no operands, not ${operands.join(" ")}`);
  const report = checkMachine();
  print(valueOf(given, "json") === undefined ? text(report) : `${JSON.stringify(report, null, 2)}\n`);
  return 0;
}
