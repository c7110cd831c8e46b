// Cgroups by name, in every hierarchy, while others come and go.
import { readdirSync, rmdirSync } from "node:fs";
import { basename, join } from "node:path";

function* folders(folder: string): Generator<string> {
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder, { withFileTypes: true }).flatMap((one) =>
      one.isDirectory() ? [one.name] : [],
    );
  } catch (error) {
    if (!/^ENO(ENT|DEV)$/.test((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  for (const name of names) yield* folders(join(folder, name));
  yield folder;
}

/** Those whose name has `part` in it, children before their parents. */
export const cgroupsNamed = (part: string): readonly string[] =>
  [...folders("/sys/fs/cgroup")].filter((path) => basename(path).includes(part));

/** Removes what a manager was given for its own. */
export function removeCgroups(name: string): void {
  for (const path of cgroupsNamed(name)) if (basename(path) === name) rmdirSync(path);
}
