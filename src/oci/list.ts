// list and ps: containers, and the processes of one.
import { Solo5Error } from "../bytes/error.js";
import { processesIn } from "./cgroup/cgroupfs.js";
import { allContainers, readContainer, stateObject, statusOf } from "./state.js";

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()}\n`).join("");
}; // prettier-ignore

/** Throws Solo5Error. */
function checkFormat(format: string): void {
  if (format !== "json" && format !== "table")
    throw new Solo5Error("CONTAINER", `--format: '${format}' is neither table nor json`);
}

/** Throws Solo5Error. */
export function listing(root: string, format: string, isQuiet: boolean): string {
  checkFormat(format);
  const all = allContainers(root);
  if (isQuiet) return all.map(({ id }) => `${id}\n`).join("");
  if (format === "json")
    return `${JSON.stringify(all.map((one) => ({ ...stateObject(root, one), owner: "" })))}\n`;
  return table([
    ["ID", "PID", "STATUS", "BUNDLE", "CREATED"],
    ...all.map((one) => {
      const status = statusOf(root, one);
      return [
        one.id,
        String(status === "stopped" ? 0 : (one.init?.pid ?? 0)),
        status,
        one.bundle,
        one.created,
      ];
    }),
  ]);
}

/** Numbers of processes, as `ps` of other runtimes prints them. Throws Solo5Error. */
export function processes(root: string, id: string, format: string): string {
  checkFormat(format);
  const container = readContainer(root, id);
  const found = new Set(processesIn(container.cgroups));
  if (container.init !== undefined && statusOf(root, container) !== "stopped") found.add(container.init.pid);
  const numbers = [...found];
  if (format === "json") return `${JSON.stringify(numbers)}\n`;
  return table([["PID"], ...numbers.map((pid) => [String(pid)])]);
}
