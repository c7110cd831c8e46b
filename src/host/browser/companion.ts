// The thread in which an engine works beside a guest that runs in a worker: a worker of its own. Where the page's policy allows
// none, it fails, and the guest's own thread does the work.
import type { StartCompanion } from "../../engine/contract.js";

/** As far as it is used here. */
interface ModuleWorker {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "error", listener: () => void): void;
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  terminate(): void;
}
type NewWorker = new (url: string, options: { readonly type: "module" }) => ModuleWorker;

/** What the worker runs: the engine's own part of it. */
const program = (engine: string): string => `import { serve } from ${JSON.stringify(engine)};
const take = serve({ post: (message) => postMessage(message), later: (work, msecs) => setTimeout(work, msecs) });
onmessage = ({ data }) => take(data);`;

/** For the engine whose module is at a URL; undefined on a page's own thread, and where there are no workers. */
export function companionFor(engine: string): StartCompanion | undefined {
  const { Worker: Made } = globalThis as unknown as { readonly Worker?: NewWorker };
  if (Made === undefined || "document" in globalThis) return undefined;
  return (take, failed) => {
    const url = URL.createObjectURL(new Blob([program(engine)], { type: "text/javascript" }));
    const worker = new Made(url, { type: "module" });
    worker.addEventListener("message", ({ data }) => take(data));
    worker.addEventListener("error", failed);
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      end() {
        worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  };
}
