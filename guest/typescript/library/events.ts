// Event, EventTarget, AbortController, AbortSignal. WHATWG DOM 2 and 3.
import { setTimeout } from "./loop";

export class Event {
  readonly type: string;
  readonly cancelable: boolean;
  readonly bubbles: boolean;
  readonly timeStamp = 0;
  target: EventTarget | null = null;
  currentTarget: EventTarget | null = null;
  defaultPrevented = false;
  stopped = false;

  constructor(type: string, { cancelable = false, bubbles = false } = {}) {
    this.type = String(type);
    this.cancelable = cancelable;
    this.bubbles = bubbles;
  }

  preventDefault(): void {
    if (this.cancelable) this.defaultPrevented = true;
  }

  stopPropagation(): void {}

  stopImmediatePropagation(): void {
    this.stopped = true;
  }
}

export class CustomEvent extends Event {
  readonly detail: unknown;

  constructor(type: string, init: { cancelable?: boolean; bubbles?: boolean; detail?: unknown } = {}) {
    super(type, init);
    this.detail = init.detail ?? null;
  }
}

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };
interface Entry {
  readonly listener: Listener;
  readonly once: boolean;
}

export class EventTarget {
  /** Most targets have no listener. */
  #entries: Map<string, Entry[]> | undefined;

  addEventListener(
    type: string,
    listener: Listener | null,
    options: boolean | { once?: boolean; signal?: AbortSignal } = {},
  ): void {
    const { once = false, signal } = typeof options === "boolean" ? {} : options;
    if (listener === null || signal?.aborted === true) return;
    this.#entries ??= new Map();
    const entries = this.#entries.get(type) ?? [];
    if (entries.some((entry) => entry.listener === listener)) return;
    this.#entries.set(type, [...entries, { listener, once }]);
    signal?.addEventListener("abort", () => this.removeEventListener(type, listener));
  }

  removeEventListener(type: string, listener: Listener | null): void {
    const entries = this.#entries?.get(type) ?? [];
    this.#entries?.set(
      type,
      entries.filter((entry) => entry.listener !== listener),
    );
  }

  dispatchEvent(event: Event): boolean {
    event.target = event.currentTarget = this;
    for (const { listener, once } of this.#entries?.get(event.type) ?? []) {
      if (event.stopped) break;
      if (once) this.removeEventListener(event.type, listener);
      if (typeof listener === "function") listener.call(this, event);
      else listener.handleEvent(event);
    }
    return !event.defaultPrevented;
  }
}

type Handler = ((event: Event) => unknown) | null;

/** What is behind `target.ontype`: its place among the listeners is that of the first time it is set. */
export function handlerSlot(target: EventTarget, type: string) {
  let handler: Handler = null;
  const listener = (event: Event): unknown => handler?.call(target, event);
  return {
    get: (): Handler => handler,
    set(next: Handler): void {
      handler = typeof next === "function" ? next : null;
      target.addEventListener(type, listener);
    },
  };
}

export class AbortSignal extends EventTarget {
  aborted = false;
  reason: unknown = undefined;
  #onabort: ReturnType<typeof handlerSlot> | undefined;

  get onabort(): Handler {
    return this.#onabort?.get() ?? null;
  }
  set onabort(handler: Handler) {
    this.#onabort ??= handlerSlot(this, "abort");
    this.#onabort.set(handler);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  static abort(reason: unknown = abortError()): AbortSignal {
    const signal = new AbortSignal();
    abort(signal, reason);
    return signal;
  }

  static timeout(msecs: number): AbortSignal {
    const signal = new AbortSignal();
    setTimeout(() => abort(signal, new DOMException("The operation timed out.", "TimeoutError")), msecs);
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const all = [...signals];
    const done = all.find(({ aborted }) => aborted);
    if (done !== undefined) return AbortSignal.abort(done.reason);
    const signal = new AbortSignal();
    for (const each of all) each.addEventListener("abort", () => abort(signal, each.reason), { once: true });
    return signal;
  }
}

const abortError = (): DOMException => new DOMException("This operation was aborted", "AbortError");

function abort(signal: AbortSignal, reason: unknown): void {
  if (signal.aborted) return;
  signal.aborted = true;
  signal.reason = reason;
  signal.dispatchEvent(new Event("abort"));
}

export class AbortController {
  readonly signal = new AbortSignal();

  abort(reason: unknown = abortError()): void {
    abort(this.signal, reason);
  }
}
