// How this project's threads are started.
import type { WorkerOptions } from "node:worker_threads";

/** Node's own options are the program's, and some end a worker (`--input-type`). Descriptors belong to the process. */
export const workerOptions: WorkerOptions = { execArgv: [], trackUnmanagedFds: false };
