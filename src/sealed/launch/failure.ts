// What a launch says when it fails: one line on stderr, the message and the system's reason. Both ISAs' failure
// routines read the same table of reasons from the launch page.
import { encodeText } from "../../bytes/text.js";
import { viewOf } from "../../bytes/struct.js";
import { errorNumbers, strerror } from "../../abi/linux/errno.js";

/** Reasons by errno; entry 0 is for what has no errno. */
export const reasonCount = Math.max(...Object.values(errorNumbers)) + 1;

/**
 * `reasonCount` pairs of u16 (offset from the table's start, length), then the texts, each with its newline.
 * Unknown numbers share one text.
 */
export const reasonTable = (): Uint8Array => reasons;
const reasons = makeReasonTable();

function makeReasonTable(): Uint8Array {
  const texts = Array.from({ length: reasonCount }, () => "unknown error\n");
  for (const number of Object.values(errorNumbers)) texts[number] = `${strerror(number)}\n`;
  const unique = [...new Set(texts)];
  const offsets = new Map<string, number>();
  let end = reasonCount * 4;
  for (const text of unique) {
    offsets.set(text, end);
    end += text.length;
  }
  const table = new Uint8Array(end);
  const view = viewOf(table);
  texts.forEach((text, number) => {
    view.setUint16(number * 4, offsets.get(text) ?? 0, true);
    view.setUint16(number * 4 + 2, text.length, true);
  });
  for (const text of unique) table.set(encodeText(text), offsets.get(text));
  return table;
}

/** One way to fail: where the code goes, what it says, and whether the reason follows. */
interface Failure {
  readonly label: string;
  readonly text: Uint8Array;
  readonly withReason: boolean;
}

/** Collects the ways to fail while steps are emitted. */
export function createFailures(prefix: string): {
  add(message: string, withReason: boolean): string;
  readonly all: readonly Failure[];
} {
  const all: Failure[] = [];
  return {
    all,
    add(message, withReason) {
      const label = `fail${all.length}`;
      all.push({ label, text: encodeText(`${prefix}${message}${withReason ? ": " : "\n"}`), withReason });
      return label;
    },
  };
}
