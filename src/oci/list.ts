// list and ps: containers, and the processes of one.
import { processesIn } from "./cgroup/cgroupfs.js";
import { allContainers, readContainer, stateObject, statusOf } from "./state.js";

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()}\n`).join("");
}; // prettier-ignore

export function listing(root: string, format: string): string {
  const all = allContainers(root);
  if (format === "json")
    return `${JSON.stringify(all.map((one) => ({ ...stateObject(root, one), owner: "" })))}\n`;
  if (format === "quiet") return all.map(({ id }) => `${id}\n`).join("");
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

/** Numbers of processes, as `ps` of other runtimes prints them. */
export function processes(root: string, id: string, format: string): string {
  const container = readContainer(root, id);
  const found = new Set(processesIn(container.cgroups));
  if (container.init !== undefined && statusOf(root, container) !== "stopped") found.add(container.init.pid);
  const numbers = [...found];
  if (format === "json") return `${JSON.stringify(numbers)}\n`;
  return table([["PID"], ...numbers.map((pid) => [String(pid)])]);
}
