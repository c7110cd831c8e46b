// performance.now and timeOrigin: High Resolution Time. The origin is the program's start, not its build.
import { host } from "./host";

let origin: number | undefined;
let wallOrigin = 0;

/** Called at the start; whoever asks earlier makes the build stop there. */
export function startClock(): void {
  origin = host.monotonicTime();
  wallOrigin = host.wallTime();
}

export const performance = {
  now(): number {
    const now = host.monotonicTime();
    return now - (origin ?? now);
  },
  get timeOrigin(): number {
    host.monotonicTime();
    return wallOrigin;
  },
  toJSON(): object {
    return { timeOrigin: this.timeOrigin };
  },
};
