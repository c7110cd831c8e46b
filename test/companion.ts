// A companion in the test's own thread: what it answers comes at once, or when the test says.
import type { StartCompanion } from "../src/engine/contract.js";
import { x86 } from "../src/engine/x86-64/isa.js";
import { serveTranslation } from "../src/engine/portable/translate/serve.js";

interface TestCompanion {
  readonly beside: StartCompanion;
  /** What was answered and not given yet. */
  readonly answers: unknown[];
  /** Gives it. */
  deliver(): void;
  fail(): void;
  /** As if it had had nothing to do for long. */
  rest(): void;
  readonly log: { requests: unknown[]; ended: number };
}

/** Messages are cloned, as between threads. */
export function testCompanion(when: "at once" | "later"): TestCompanion {
  const answers: unknown[] = [];
  const log = { requests: [] as unknown[], ended: 0 };
  let take: (message: unknown) => void = () => {};
  let failed = (): void => {};
  const deliver = (): void => {
    for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) take(answer);
  };
  return {
    answers,
    deliver,
    log,
    fail: () => failed(),
    rest: () => take({ kind: "idle" }),
    beside(given, givenFailed) {
      [take, failed] = [given, givenFailed];
      const work: (() => void)[] = [];
      const serve = serveTranslation(
        x86,
        {
          post: (message) => void answers.push(structuredClone(message)),
          later: (one, msecs) => void (msecs === 0 && work.push(one)),
        },
        { allows: () => true, spend: (one) => one() },
      );
      return {
        post(message, transfer = []) {
          log.requests.push(message);
          serve(structuredClone(message, { transfer: [...transfer] }));
          for (let next = work.shift(); next !== undefined; next = work.shift()) next();
          if (when === "at once") deliver();
        },
        end: () => void log.ended++,
      };
    },
  };
}
