// The runtime's side of a process on its way into its namespaces: what only somebody outside can write for it.
import type { Config } from "../config/types.js";
import type { ContainerProcess } from "./container-process.js";
import { mapIds } from "./id-mappings.js";
import type { Namespaces } from "./namespaces.js";
import { forks, said } from "./prologue.js";
import { setTimeOffsets } from "./time-offsets.js";

/** Lets the process enter; gives the number of the one that goes on, which is a child where a namespace takes only children. Throws Solo5Error. */
export function enterNamespaces(
  started: ContainerProcess,
  config: Config,
  namespaces: Namespaces,
  onChild: (pid: number) => void,
): number {
  started.go();
  let word = started.hear();
  if (word === said.map) {
    mapIds(started.pid, config);
    started.go();
    word = started.hear();
  }
  if (word === said.offset) {
    setTimeOffsets(started.pid, config);
    started.go();
    word = started.hear();
  }
  if (!forks(namespaces)) return started.pid;
  // The child does not wait until its parent has told of it: either may speak first.
  const both = [word, started.hear()];
  const found = both.find((one) => typeof one === "object");
  if (found === undefined) throw new RangeError(`the process says ${both.join(" and ")}`);
  onChild(found.child);
  return found.child;
}
