// Who is bound to which addresses and ports, of UDP and TCP alike: one for an address comes before one for all of them
// (RFC 1122, 4.1.3.5; RFC 9293, 3.9.1.2).
import type { Address } from "./address.js";
import { equal } from "./wire.js";

export interface Bound {
  /** Undefined: every address. */
  readonly address: Address | undefined;
}

/** By port. */
export type Bindings<T extends Bound> = Map<number, readonly T[]>;

/** Who takes what comes to `address` and `port`. */
export function boundTo<T extends Bound>(
  bindings: Bindings<T>,
  address: Address,
  port: number,
): T | undefined {
  const all = bindings.get(port);
  return (
    all?.find((one) => one.address !== undefined && equal(one.address, address)) ??
    all?.find((one) => one.address === undefined)
  );
}

/** Whether just this address, or just all of them, has somebody. */
export function isTaken<T extends Bound>(
  bindings: Bindings<T>,
  address: Address | undefined,
  port: number,
): boolean {
  const same = (one: T): boolean =>
    one.address === undefined ? address === undefined : address !== undefined && equal(one.address, address);
  return (bindings.get(port) ?? []).some(same);
}

export function bindTo<T extends Bound>(bindings: Bindings<T>, port: number, one: T): void {
  bindings.set(port, [...(bindings.get(port) ?? []), one]);
}

export function unbind<T extends Bound>(bindings: Bindings<T>, port: number, one: T): void {
  const rest = (bindings.get(port) ?? []).filter((other) => other !== one);
  if (rest.length === 0) bindings.delete(port);
  else bindings.set(port, rest);
}
