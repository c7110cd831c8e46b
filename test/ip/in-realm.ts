// What runs in a realm without a host: a transfer over a lossy link in virtual time, with no import beside the stack's.
import { parseAddress } from "../../src/ip/index.js";
import { createPair } from "./pair.js";

const total = 200_000;
const { world, a, b } = createPair({ seed: 5, weather: { loss: 0.02, jitter: 3 } });
export const result = { received: 0, wrong: 0, errors: 0 };
b.tcp.listen({ port: 1 }, (connection) => {
  connection.handlers = {
    readable() {
      for (let data; (data = connection.read()) !== undefined;)
        for (const byte of data) if (byte !== (result.received++ * 7) % 251) result.wrong++;
      if (connection.ended) connection.end();
    },
    closed: (error) => void (error !== undefined && result.errors++),
  };
});
const connection = a.tcp.connect({ remote: { address: parseAddress("fd00::2"), port: 1 } }, { closed: (error) => void (error !== undefined && result.errors++) }); // prettier-ignore
connection.write(Uint8Array.from({ length: total }, (_, i) => (i * 7) % 251));
connection.end();
world.run();
