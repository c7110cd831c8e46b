// What a guest watches of xenstore, and what it is still to be told. Xen's docs/misc/xenstore.txt.
import { stateIn, type Stateful } from "../../../bytes/plain.js";
import { isBelow, type StoreError } from "./tree.js";

const watchMax = 128;
/** A guest that does not read is told of no more. */
const eventMax = 1024;

interface Watch {
  readonly path: string;
  /** As the guest has it. */
  readonly given: string;
  readonly token: string;
}

export interface WatchEvent {
  readonly path: string;
  readonly token: string;
}

export interface StoreWatches {
  /** `path` is absolute, or begins with @ and is told of nothing. */
  add(path: string, given: string, token: string): StoreError | undefined;
  remove(given: string, token: string): StoreError | undefined;
  clear(): void;
  changed(path: string): void;
  /** The next event, which is taken. */
  take(): WatchEvent | undefined;
  readonly stateful: Stateful;
}

/** Paths below `home` are told as the guest has given them. */
export function createWatches(home: string): StoreWatches {
  const state = { watches: [] as Watch[], events: [] as WatchEvent[] };
  const tell = (path: string, token: string): void => {
    const isKnown = state.events.some((event) => event.path === path && event.token === token);
    if (!isKnown && state.events.length < eventMax) state.events.push({ path, token });
  };
  const asGiven = (path: string, { given }: Watch): string =>
    given.startsWith("/") ? path : path.slice(home.length + 1);
  const isSame = (one: Watch, given: string, token: string): boolean =>
    one.given === given && one.token === token;
  return {
    add(path, given, token) {
      if (state.watches.some((one) => isSame(one, given, token))) return "EEXIST";
      if (state.watches.length >= watchMax) return "E2BIG";
      state.watches.push({ path, given, token });
      // The first event says that the watch is there.
      tell(given, token);
      return undefined;
    },
    remove(given, token) {
      const left = state.watches.filter((one) => !isSame(one, given, token));
      const error = left.length === state.watches.length ? "ENOENT" : undefined;
      state.watches = left;
      return error;
    },
    clear: () => void Object.assign(state, { watches: [], events: [] }),
    changed(path) {
      for (const one of state.watches) if (isBelow(path, one.path)) tell(asGiven(path, one), one.token);
    },
    take: () => state.events.shift(),
    stateful: stateIn(state),
  };
}
