// Timers as a binary heap. Moving one later costs nothing until its old time comes, since TCP does that with every segment.

export interface Timer {
  /** When it is due in milliseconds; Infinity while it is off. */
  at: number;
  /** Where it sorts in the heap: `at` or earlier. */
  key: number;
  /** Its index in the heap; -1 outside. */
  place: number;
  readonly fire: () => void;
}

export const createTimer = (fire: () => void): Timer => ({ at: Infinity, key: Infinity, place: -1, fire });

export interface Timers {
  /** Sets a timer, or turns it off with Infinity. */
  set(timer: Timer, at: number): void;
  /** Forgets it at once: for what is thrown away. */
  remove(timer: Timer): void;
  /** Fires all that are due. */
  run(now: number): void;
  /** No timer is due before; Infinity where none is. */
  readonly next: number;
}

export function createTimers(): Timers {
  const heap: Timer[] = [];

  const put = (timer: Timer, place: number): void => {
    heap[place] = timer;
    timer.place = place;
  };
  const up = (timer: Timer): void => {
    let place = timer.place;
    while (place > 0) {
      const parent = heap[(place - 1) >> 1] as Timer;
      if (parent.key <= timer.key) break;
      put(parent, place);
      place = (place - 1) >> 1;
    }
    put(timer, place);
  };
  const down = (timer: Timer): void => {
    let place = timer.place;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Timer).key < (heap[child] as Timer).key) child++;
      const smaller = heap[child] as Timer;
      if (smaller.key >= timer.key) break;
      put(smaller, place);
      place = child;
    }
    put(timer, place);
  };
  const remove = (timer: Timer): void => {
    timer.at = Infinity;
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = heap.pop() as Timer;
    if (last === timer) return;
    put(last, place);
    up(last);
    down(last);
  };

  return {
    remove,
    set(timer, at) {
      timer.at = at;
      if (timer.place < 0) {
        if (at === Infinity) return;
        timer.key = at;
        heap.push(timer);
        timer.place = heap.length - 1;
        up(timer);
      } else if (at < timer.key) {
        timer.key = at;
        up(timer);
      }
    },
    run(now) {
      for (let first; (first = heap[0]) !== undefined && first.key <= now;) {
        if (first.at > now && first.at !== Infinity) {
          first.key = first.at;
          down(first);
        } else {
          const due = first.at <= now;
          remove(first);
          if (due) first.fire();
        }
      }
    },
    get next() {
      return heap[0]?.key ?? Infinity;
    },
  };
}
