// What the thread of `companion.ts` runs: the engine's own part of it.
import { parentPort, workerData } from "node:worker_threads";
import type { Isa } from "../abi/elf.js";
import { portableEngines } from "../engine/engines.js";

const engine = await portableEngines[workerData as Isa]?.();
const take = engine?.serve({
  post: (message) => parentPort?.postMessage(message),
  later: (work, msecs) => void (msecs === 0 ? setImmediate(work) : setTimeout(work, msecs)),
});
if (take !== undefined) parentPort?.on("message", take);
