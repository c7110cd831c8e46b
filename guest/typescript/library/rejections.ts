// Promises that are rejected and that nobody handles: the engine tells of each, and of those that are handled later. ECMAScript
// HostPromiseRejectionTracker.

const unhandled = new Map<object, unknown>();

export function rejected(isHandled: number, promise: object, reason: unknown): void {
  if (isHandled === 0) unhandled.set(promise, reason);
  else unhandled.delete(promise);
}

/** Asked after every job: throws the reason of the first that is still unhandled. */
export function throwUnhandled(): void {
  const [first] = unhandled;
  if (first === undefined) return;
  unhandled.clear();
  throw new Unhandled(first[1]);
}

export class Unhandled {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}
