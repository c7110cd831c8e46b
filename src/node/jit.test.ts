// What is asked of V8 in processes that are ours.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

/** Keeps what it makes for a while, as a translator does, and prints how many bytes the young generation has then. */
const allocating = (before: string): string => `
  import { getHeapSpaceStatistics } from "node:v8";
  ${before}
  const kept = Array.from({ length: 40 }, () => []);
  for (let round = 0; round < 120; round++) {
    kept[round % kept.length] = Array.from({ length: 20_000 }, (_, index) => ({ index, round }));
    await new Promise(setImmediate);
  }
  console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size);
`;

const youngBytes = (before: string): number =>
  Number(
    execFileSync(process.execPath, ["--input-type=module", "--eval", allocating(before)], {
      encoding: "utf8",
    }),
  );

test("the young generation stays at half of what V8 would make it", () => {
  const url = new URL("./jit.js", import.meta.url).href;
  const limited = youngBytes(`import { tuneCompiler } from ${JSON.stringify(url)}; tuneCompiler();`);
  assert.ok(limited <= 16 * 2 ** 20, `${limited} bytes`);
  assert.ok(youngBytes("") > limited);
});
