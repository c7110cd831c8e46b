// The event loop: timers, devices that have something, and what to do when nothing is left. HTML 8.1.7 for timers.
import { host } from "./host";

interface Timer {
  readonly id: number;
  readonly call: (...args: readonly unknown[]) => void;
  readonly args: readonly unknown[];
  readonly interval: number | undefined;
  due: number;
}

const timers = new Map<number, Timer>();
let lastId = 0;

function addTimer(call: unknown, delay: unknown, args: readonly unknown[], repeats: boolean): number {
  if (typeof call !== "function") throw new TypeError("a timer needs a function to call");
  const wanted = Number(delay);
  // As browsers and Node have it: what is no delay, or more than 31 bits, is 1 millisecond.
  const msecs = wanted >= 1 && wanted <= 0x7fffffff ? Math.trunc(wanted) : 1;
  const id = ++lastId;
  timers.set(id, {
    id,
    call: call as Timer["call"],
    args,
    interval: repeats ? msecs : undefined,
    due: host.monotonicTime() + msecs,
  });
  return id;
}

export const setTimeout = (call: unknown, delay?: unknown, ...args: readonly unknown[]): number =>
  addTimer(call, delay, args, false);
export const setInterval = (call: unknown, delay?: unknown, ...args: readonly unknown[]): number =>
  addTimer(call, delay, args, true);
export const clearTimeout = (id?: unknown): void => {
  timers.delete(Number(id));
};

/** Whom to call when a device has something, by its handle. */
const watchers = new Map<number, () => void>();

export function watch(handle: number, call: () => void): void {
  watchers.set(handle, call);
}
export function unwatch(handle: number): void {
  watchers.delete(handle);
}

let time: number | undefined;

/** The time of the current turn, in milliseconds: what runs in one turn has one. */
export const turnTime = (): number => (time ??= host.monotonicTime());

function nextTimer(): Timer | undefined {
  let next: Timer | undefined;
  for (const timer of timers.values()) if (next === undefined || timer.due < next.due) next = timer;
  return next;
}

function runTimer(timer: Timer, now: number): void {
  if (timer.interval === undefined) timers.delete(timer.id);
  else timer.due = Math.max(timer.due + timer.interval, now);
  timer.call(...timer.args);
}

/** An alarm of the library's own: it keeps no program alive by itself. */
export interface Alarm {
  due: number;
  readonly call: () => void;
}

const alarms: Alarm[] = [];

export function createAlarm(call: () => void): Alarm {
  const alarm = { due: Infinity, call };
  alarms.push(alarm);
  return alarm;
}

function nextAlarm(): Alarm | undefined {
  let next: Alarm | undefined;
  for (const alarm of alarms) if (alarm.due < (next?.due ?? Infinity)) next = alarm;
  return next;
}

/** Devices of which it is known that they have something. */
const ready: number[] = [];

/** Runs one thing, or waits for one. -1 at the program's end: nothing is waited for. */
export function turn(): number {
  time = undefined;
  if (ready.length === 0) {
    const timer = nextTimer();
    if (timer === undefined && watchers.size === 0) return -1;
    const alarm = nextAlarm();
    const due = Math.min(timer?.due ?? Infinity, alarm?.due ?? Infinity);
    let now = due === Infinity ? 0 : host.monotonicTime();
    if (watchers.size > 0 || due > now) {
      let set = host.wait(due <= now ? now : due);
      for (let number = 0; set > 0; number++, set = Math.floor(set / 2)) {
        if (set % 2 === 1 && watchers.has(number)) ready.push(number);
      }
      if (due !== Infinity) now = turnTime();
    }
    if (alarm !== undefined && alarm.due <= now) {
      alarm.due = Infinity;
      alarm.call();
      return 0;
    }
    if (timer !== undefined && timer.due <= now) {
      runTimer(timer, now);
      return 0;
    }
  }
  const handle = ready.shift();
  if (handle !== undefined) watchers.get(handle)?.();
  return 0;
}
