// MessageEvent, MessageChannel and its ports: HTML 9.4. Messages are copied, and delivered by the event loop.
import { structuredClone } from "./clone";
import { Event, EventTarget, handlerSlot } from "./events";
import { setTimeout } from "./loop";

export class MessageEvent extends Event {
  readonly data: unknown;

  constructor(type: string, { data = null, ...init }: { data?: unknown } = {}) {
    super(type, init);
    this.data = data;
  }
}

let entangle: (a: MessagePort, b: MessagePort) => void;

export class MessagePort extends EventTarget {
  #other: MessagePort | undefined;
  /** What came before there was somebody to take it. */
  #waiting: unknown[] | undefined = [];
  #onmessage: ReturnType<typeof handlerSlot> | undefined;

  static {
    entangle = (a, b) => {
      a.#other = b;
      b.#other = a;
    };
  }

  get onmessage() {
    return this.#onmessage?.get() ?? null;
  }
  set onmessage(handler) {
    this.#onmessage ??= handlerSlot(this, "message");
    this.#onmessage.set(handler);
    this.start();
  }

  postMessage(message: unknown, transfer: readonly ArrayBuffer[] | { transfer?: readonly ArrayBuffer[] } = []): void {
    const list = Array.isArray(transfer) ? transfer : ((transfer as { transfer?: readonly ArrayBuffer[] }).transfer ?? []);
    const data = structuredClone(message, { transfer: list });
    const to = this.#other;
    if (to === undefined) return;
    setTimeout(() => {
      if (to.#waiting !== undefined) to.#waiting.push(data);
      else if (to.#other !== undefined) to.dispatchEvent(new MessageEvent("message", { data }));
    });
  } // prettier-ignore

  start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const data of waiting) setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data })));
  }

  close(): void {
    const other = this.#other;
    this.#other = undefined;
    if (other !== undefined) other.#other = undefined;
  }

  // As Node has it: a port here keeps no program alive.
  ref(): void {}
  unref(): void {}
}

export class MessageChannel {
  readonly port1 = new MessagePort();
  readonly port2 = new MessagePort();

  constructor() {
    entangle(this.port1, this.port2);
  }
}
