// The thread in which an engine works beside the guest.
import { Worker } from "node:worker_threads";
import type { Isa } from "../abi/elf.js";
import type { StartCompanion } from "../engine/contract.js";
import { workerOptions } from "../host/any/worker-options.js";

/** Neither keeps the process alive nor delays its end. */
export const startCompanion =
  (isa: Isa): StartCompanion =>
  (take, failed) => {
    const worker = new Worker(new URL("./companion-worker.js", import.meta.url), {
      ...workerOptions,
      workerData: isa,
      // What it makes of code is short-lived.
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 },
    });
    worker.on("message", take);
    worker.on("error", failed);
    worker.unref();
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      end: () => void worker.terminate(),
    };
  };
