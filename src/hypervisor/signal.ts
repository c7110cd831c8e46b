// The signal that ends what a virtual CPU's thread does in the kernel.
import { libc } from "../host/posix/libc.js";
import { numbers } from "../host/posix/numbers.js";

/** By default this signal is ignored, so that one too many does no harm. signal(7). */
export const sigurg = numbers.SIGURG;

let isCaught = false;

/** The signal has to be caught to interrupt anything; abs(3) takes an int and touches nothing. */
export function catchSignal(): void {
  if (isCaught) return;
  const c = libc();
  c.signal(sigurg, c.symbol("abs"));
  isCaught = true;
}
