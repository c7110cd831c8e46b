// A unikernel that runs, as programs have it in their hands: the same on every host.
import { signals, statusOf } from "../abi/signals.js";
import type { Console } from "../device/contract.js";
import type { Plan } from "./attach.js";
import type { Ended } from "./instrument.js";
import type { GuestOutput } from "./output.js";

/** Engines, best first. */
export const engineNames = ["native", "kvm", "vmm", "wasm"] as const;
/** What runs a plan: a process, a virtual machine, or the engine that works everywhere. */
export type EngineName = (typeof engineNames)[number];

/** Signals that a user sends. */
export const userSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** A signal that a user sends, by the name that POSIX has for it. */
export type Signal = (typeof userSignals)[number];

/** What every host's `run` takes. */
export interface RunOptions {
  /** Insists on an engine. By default the best that can run the plan here. */
  readonly engine?: EngineName | "auto" | undefined;
  /** Takes what the unikernel prints. By default it goes to `output` once that is asked for; until then to stdout where there is one. */
  readonly console?: Console | undefined;
  /** Stops the unikernel when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Whether translated code is kept for later runs. By default it is. */
  readonly cache?: boolean | undefined;
}

/** A unikernel that runs. `await using` stops it and waits for its end. */
export interface Running {
  readonly engine: EngineName;
  /** Bytes of memory that the unikernel has: what it was to have, or the most that the engine can give. */
  readonly memSize: number;
  /** What the unikernel prints from the moment that this is first asked for; beside `console`, where there is one. */
  readonly output: ReadableStream<Uint8Array>;
  /** The unikernel's end. Rejects with Solo5Error where it could not be started, or its host failed it. */
  readonly exited: Promise<Ended>;
  /** What a user's signal means to the unikernel. */
  signal(signal: Signal): void;
  /** Ends the unikernel within some milliseconds; its status is then 137. */
  stop(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What an engine gives when it has started a guest. */
export type Started = Pick<Running, "memSize" | "exited" | "signal" | "stop">;

/** Puts `started` into the program's hands. */
export function handOver(
  engine: EngineName,
  { memSize, exited, signal, stop }: Started,
  output: GuestOutput,
  abort?: AbortSignal,
): Running {
  exited.then(
    () => output.end(),
    (error: unknown) => output.end(error),
  );
  // A failure that nobody looks at is the process's, as any promise's.
  const settled = exited
    .finally(() => abort?.removeEventListener("abort", stop))
    .then(({ status, message }) => (message === undefined ? { status } : { status, message }));
  if (abort?.aborted === true) stop();
  else abort?.addEventListener("abort", stop);
  return {
    engine,
    memSize,
    exited: settled,
    signal,
    stop,
    get output() {
      return output.stream;
    },
    async [Symbol.asyncDispose]() {
      stop();
      await settled;
    },
  };
}

/** What the tender of a virtual machine takes and tells; any other signal is its death, and all are a process's. docs/abi.md 6.1. */
const told: ReadonlySet<Signal> = new Set(["SIGINT", "SIGTERM"]);

/** What becomes of a guest whose user sends a signal. */
export const signalled = ({ unikernel }: Pick<Plan, "unikernel">, signal: Signal): Ended =>
  unikernel.target !== "spt" && told.has(signal)
    ? { status: 1, message: `Exiting on signal ${signals[signal]}` }
    : { status: statusOf(signal) };
