// How another thread makes a virtual CPU's thread stop, whatever it does: the driver's kick and a signal end a run, an
// event ends a wait, and a word that is looked at between the two says what for. docs/RATIONALE.md, "Stopping KVM".
import { libc } from "../host/posix/libc.js";
import type { HypervisorDriver } from "./contract.js";
import { signalEvent, type WakeEvent } from "./event.js";
import { catchSignal, sigurg } from "./signal.js";

/** Words that both threads share. */
interface StopWords {
  /** The exit status with `requested` when the thread is to stop, then 1 when it may end. */
  readonly words: Int32Array;
  /** The thread's handle and that of its virtual CPU, once it has one. */
  readonly addresses: BigUint64Array;
}

export const stopMemory = (): SharedArrayBuffer => new SharedArrayBuffer(32);
export const stopWords = (memory: SharedArrayBuffer): StopWords => ({
  words: new Int32Array(memory, 0, 2),
  addresses: new BigUint64Array(memory, 16, 2),
});

/** Beside the status, which may be 0. */
const requested = 0x100;
const word = { stop: 0, mayEnd: 1 } as const;
const address = { thread: 0, vcpu: 1 } as const;

/** The virtual CPU's side: tells the other thread where to find it. */
export function publishVcpu({ addresses }: StopWords, handle: bigint): void {
  Atomics.store(addresses, address.vcpu, handle);
  Atomics.store(addresses, address.thread, libc().pthread_self());
}

/** The exit status that the thread is to stop with; undefined where it may go on. */
export function stopRequested({ words }: StopWords): number | undefined {
  const said = Atomics.load(words, word.stop);
  return said === 0 ? undefined : said & ~requested;
}

/** Blocks until the other thread has promised not to signal this one any more. */
export const waitForRelease = ({ words }: StopWords): unknown => Atomics.wait(words, word.mayEnd, 0);

export interface Stopper {
  /** Makes the thread stop soon, with an exit status. */
  stop(status: number): void;
  /** Makes the thread look around soon; `event` is another that it waits on. */
  nudge(event: WakeEvent): void;
  /** Lets the thread end: it is never signalled again. */
  release(): void;
}

/** The other side. The virtual CPU's thread waits on `wake` with everything else. */
export function createStopper(
  { kick: kickVcpu }: Pick<HypervisorDriver, "kick">,
  { words, addresses }: StopWords,
  wake: WakeEvent,
): Stopper {
  const c = libc();
  catchSignal();
  let released = false;
  const kick = (event: WakeEvent): void => {
    if (released) return;
    const thread = Atomics.load(addresses, address.thread);
    if (thread !== 0n) {
      kickVcpu(Atomics.load(addresses, address.vcpu));
      c.pthread_kill(thread, sigurg);
    }
    signalEvent(event);
  };
  return {
    stop(status) {
      Atomics.store(words, word.stop, requested | status);
      kick(wake);
    },
    nudge: kick,
    release() {
      released = true;
      Atomics.store(words, word.mayEnd, 1);
      Atomics.notify(words, word.mayEnd);
    },
  };
}
