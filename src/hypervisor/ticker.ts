// Brings a virtual CPU that takes interrupts back now and then, so that its devices are looked at while it computes: a timer of
// the kernel's that signals this thread alone. timer_create(2), sigevent(7).
import { bytes, encode, i32, i64, struct, u64, viewOf } from "../bytes/struct.js";
import { check, libc } from "../host/posix/libc.js";
import { catchSignal, sigurg } from "./signal.js";

const clockMonotonic = 1;
const notifyThread = 4;
const sigevent = struct(64, { value: u64, signo: i32, notify: i32, tid: i32, pad: bytes(44) });
const timespec = struct(16, { sec: i64, nsec: i64 });
const itimerspec = struct(32, { interval: timespec, value: timespec });

/** How late a device may be noticed by a guest that computes. */
const periodNsecs = 2_000_000n;

export interface Ticker {
  /** Only while the guest runs: a guest that waits costs nothing. */
  start(): void;
  stop(): void;
  [Symbol.dispose](): void;
}

export function createTicker(): Ticker {
  const c = libc();
  catchSignal();
  const timer = new BigUint64Array(1);
  const event = encode(sigevent, {
    value: 0n,
    signo: sigurg,
    notify: notifyThread,
    tid: c.gettid(),
    pad: new Uint8Array(44),
  });
  check(c.timer_create(clockMonotonic, event, timer), "timer_create");
  const [id = 0n] = timer;
  const every = (nsec: bigint): Uint8Array => {
    const data = new Uint8Array(itimerspec.size);
    itimerspec.write(viewOf(data), 0, { interval: { sec: 0n, nsec }, value: { sec: 0n, nsec } });
    return data;
  };
  const [on, off] = [every(periodNsecs), every(0n)];
  const set = (value: Uint8Array): void => void c.timer_settime(id, 0, value, null);
  return {
    start: () => set(on),
    stop: () => set(off),
    [Symbol.dispose]: () => void c.timer_delete(id),
  };
}
