// A world of virtual time for tests of the stack: a clock that goes to the next thing that is due, and links between stacks
// that lose, repeat, reorder and delay as a random sequence says. Nothing here waits.
import type { Host, Link } from "../../src/ip/index.js";

/** Numbers from 0 up to 1 by a seed (xorshift32). */
export function randomFrom(seed: number): () => number {
  let x = seed | 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 0x100000000;
  };
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

export interface World {
  readonly now: number;
  after(msecs: number, work: () => void): void;
  /** Runs until nothing is due, or until `until` in milliseconds; whether nothing was. */
  run(until?: number): boolean;
  /** A host whose alarm calls `tick`. */
  host(seed: number, tick: () => void): Host;
}

export function createWorld(): World {
  let [now, order] = [1_000_000, 0];
  const due: Due[] = [];
  const put = (at: number, work: () => void): void => {
    const entry = { at, order: order++, work };
    let i = due.length;
    while (i > 0 && (due[i - 1] as Due).at < at) i--;
    // Latest first; of the same time the later in front.
    while (i > 0 && (due[i - 1] as Due).at === at) i--;
    due.splice(i, 0, entry);
  };
  return {
    get now() {
      return now;
    },
    after: (msecs, work) => put(now + msecs, work),
    run(until = Infinity) {
      for (let next; (next = due.at(-1)) !== undefined;) {
        if (next.at > until) {
          now = until;
          return false;
        }
        due.pop();
        now = Math.max(now, next.at);
        next.work();
      }
      if (until !== Infinity) now = Math.max(now, until);
      return true;
    },
    host(seed, tick) {
      const random = randomFrom(seed);
      let wanted = Infinity;
      return {
        now: () => now,
        wake(at) {
          wanted = at;
          if (at !== Infinity)
            put(Math.max(at, now), () => {
              if (wanted !== at) return;
              wanted = Infinity;
              tick();
            });
        },
        entropy(into) {
          for (let i = 0; i < into.length; i++) into[i] = Math.floor(random() * 256);
        },
      };
    },
  };
}

/** What a path does to frames. Times in milliseconds, the others probabilities. */
export interface Weather {
  readonly delay?: number;
  readonly jitter?: number;
  readonly loss?: number;
  readonly duplication?: number;
  /** Frames that the link takes before it refuses; it has room again when one has left. */
  readonly queue?: number;
  /** Of frames that lose a bit. */
  readonly corruption?: number;
}

export interface End {
  readonly mac: Uint8Array;
  receive(frame: Uint8Array): void;
  resume(): void;
}

/** One direction from a stack to `to`. `tap` sees every frame that is sent. */
export function createPath(
  world: World,
  mac: Uint8Array,
  mtu: number,
  weather: Weather,
  random: () => number,
  ends: () => { readonly from: End; readonly to: End },
  tap: (frame: Uint8Array) => void = () => {},
): Link {
  const { delay = 1, jitter = 0, loss = 0, duplication = 0, queue = Infinity, corruption = 0 } = weather;
  let [queued, refused, last] = [0, false, 0];
  return {
    mtu,
    mac,
    send(frame) {
      if (queued >= queue) {
        refused = true;
        return false;
      }
      const copy = frame.slice();
      tap(copy);
      const copies = random() < loss ? 0 : random() < duplication ? 2 : 1;
      const deliver = (): void => {
        const arriving = copy.slice();
        if (random() < corruption) {
          const at = Math.floor(random() * arriving.length);
          arriving[at] = (arriving[at] ?? 0) ^ (1 << Math.floor(random() * 8));
        }
        ends().to.receive(arriving);
      };
      queued++;
      const leaves = (last = Math.max(last, world.now) + 0.001);
      world.after(leaves - world.now, () => {
        queued--;
        if (refused) {
          refused = false;
          ends().from.resume();
        }
      });
      for (let i = 0; i < copies; i++) world.after(leaves - world.now + delay + random() * jitter, deliver);
      return true;
    },
  };
}
