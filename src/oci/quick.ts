// What the shell's half of the runtime reads of a container, beside its state: quick.sh. Written last, and only for containers of which
// start, state and delete are what that half can do.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateObject, folderOf, type Container } from "./state.js";

/** Words that a shell takes apart at spaces must have none. */
const isPlain = (path: string): boolean => /^[\w/.:@+=-]+$/.test(path);

export function writeQuick(root: string, container: Container): void {
  const { id, init, cgroups, freezer = "", startContainer, poststart, poststop, interfaces } = container;
  const isSimple = [startContainer, poststart, poststop].every(({ length }) => length === 0);
  if (init === undefined || !isSimple || interfaces !== undefined) return;
  if (![...cgroups, freezer].every((path) => path === "" || isPlain(path))) return;
  const { status: _, pid: __, ...rest } = stateObject(root, container, "created");
  const lines = [init.pid, init.start, freezer, cgroups.join(" "), JSON.stringify(rest).slice(1)];
  writeFileSync(join(folderOf(root, id), "quick"), `${lines.join("\n")}\n`, { mode: 0o600 });
}

/** As much of a container as that file has, for where its state is damaged. */
export function readQuick(root: string, id: string): Pick<Container, "init" | "cgroups"> {
  try {
    const [pid = "", start = "", , cgroups = ""] = readFileSync(join(folderOf(root, id), "quick"), "utf8").split("\n");
    return { init: { pid: Number(pid), start }, cgroups: cgroups.split(" ").filter((one) => one !== "") };
  } catch {
    return { cgroups: [] };
  }
} // prettier-ignore
