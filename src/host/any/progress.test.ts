// Progress is seen by those who wait at a terminal, and by nobody else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { progress } from "./progress.js";

/** What a terminal gets of work whose parts take `msecs` each. */
function shown(msecs: number, parts: number, isTerminal = true): string {
  let time = 0;
  let text = "";
  {
    using bar = progress("building", { isTerminal, now: () => time, write: (more) => (text += more) });
    for (let done = 0; done < parts; done++) {
      time += msecs;
      bar.at(done + 1, parts);
    }
  }
  return text;
}

test("what takes a second says nothing, what takes longer where it is, and then is gone", () => {
  assert.equal(shown(99, 10), "");
  assert.equal(shown(600, 3), "\rbuilding 2 of 3\u001b[K\rbuilding 3 of 3\u001b[K\r\u001b[K");
  assert.equal(shown(600, 3, false), "");
  assert.equal(shown(1, 1500).match(/\rbuilding/g)?.length, 6, "ten times a second");
});
