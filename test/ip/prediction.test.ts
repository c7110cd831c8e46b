// Frames that are lent, of which most are predicted, do what frames do that are the stack's own: what is sent is the same to the byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, parseAddress, type StackOptions } from "../../src/ip/index.js";
import { createPair, type Pair } from "./pair.js";
import type { Weather } from "./world.js";

const ends = ["10.0.0.2", "fd00::2"];
const weathers: Readonly<Record<string, Weather>> = {
  fair: {},
  foul: { loss: 0.02, duplication: 0.02, corruption: 0.02, jitter: 3 },
  crowded: { queue: 4, jitter: 1 },
};
const peers: Readonly<Record<string, StackOptions>> = {
  usual: {},
  plain: { tcp: { timestamps: false, sack: false } },
  narrow: { tcp: { receiveBuffer: 3000 } },
};

/** Requests of every size and answers of others, on a few connections at once, some longer than a segment. */
function talk({ world, a, b }: Pair, address: string): number {
  let answers = 0;
  b.tcp.listen({ port: 80 }, (connection) => {
    connection.handlers = {
      readable() {
        for (let data; (data = connection.read()) !== undefined;) {
          const last = data.at(-1) ?? 0;
          connection.write(new Uint8Array(1 + ((last * 37) % 4001)).fill(last));
        }
        if (connection.ended) connection.end();
      },
    };
  });
  for (let client = 0; client < 5; client++) {
    let [round, wanted] = [0, 0];
    const ask = (): void => {
      round++;
      if (round > 30) return connection.end();
      const size = 1 + ((round * (client + 3) * 7) % (round % 10 === 0 ? 3000 : 200));
      wanted = 1;
      connection.write(new Uint8Array(size).fill(round));
    };
    const connection = a.tcp.connect(
      { remote: { address: parseAddress(address), port: 80 } },
      {
        opened: ask,
        readable() {
          while (connection.read() !== undefined) answers++;
          if (wanted === 1 && !connection.ended) {
            wanted = 0;
            ask();
          }
        },
      },
    );
  }
  world.run(world.now + 300_000);
  return answers;
}

for (const address of ends)
  for (const [weather, its] of Object.entries(weathers))
    for (const [peer, options] of Object.entries(peers))
      test(`lent frames are as good as own: ${formatAddress(parseAddress(address))}, ${weather}, ${peer}`, () => {
        const [own, lent] = [false, true].map((lends) => {
          const pair = createPair({ seed: 7, weather: its, a: options, lends });
          const answers = talk(pair, address);
          return { ...pair, answers };
        }) as [Pair & { answers: number }, Pair & { answers: number }];
        assert.ok(own.answers >= 150, `${own.answers} answers`);
        assert.equal(lent.answers, own.answers);
        assert.equal(lent.frames.length, own.frames.length);
        for (const [i, frame] of own.frames.entries()) assert.deepEqual(lent.frames[i], frame, `frame ${i}`);
        assert.equal(own.b.counters.predicted, 0);
        const { predicted, received } = lent.b.counters;
        if (weather === "fair" && peer !== "narrow")
          assert.ok(predicted > received * 0.8, `${predicted} of ${received}`);
        assert.deepEqual({ ...lent.b.counters, predicted: 0 }, own.b.counters);
      });
