// What every network device must do, whatever it stands on: the contract of NetDevice as tests. An implementation
// gives a way to open it together with the far end of its wire.
import assert from "node:assert/strict";
import { test } from "node:test";
import { result } from "../abi/start.js";
import { ethernetHeader, type NetDevice } from "./contract.js";

/** A device and what is at the other end of it. */
interface Wire {
  readonly device: NetDevice;
  /** Sends to `device`. */
  send(frame: Uint8Array): void;
  /** The next frame that `device` has sent. */
  receive(): Promise<Uint8Array | undefined>;
  close(): void;
}

type CaseName = keyof typeof cases;
interface Without {
  readonly case: CaseName;
  readonly reason: string;
}

const waitMsecs = 2000;
const frame = (length: number, seed: number): Uint8Array => {
  // To a station, not to a group; then bytes that tell frames apart.
  const data = Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0xff);
  data.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
  return data;
};

/** Waits until `condition` holds; fails the test where it never does. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + waitMsecs;
  while (!condition()) {
    assert.ok(performance.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function readNext({ device }: Wire): Promise<Uint8Array> {
  await until(() => device.readable, "a frame that was sent is readable");
  const data = device.read();
  assert.ok(data !== undefined, "what is readable can be read");
  return data;
}

const cases = {
  "has an MTU": async ({ device }: Wire) => {
    assert.ok(Number.isInteger(device.mtu) && device.mtu >= 68 && device.mtu <= 65535);
  },
  "has nothing to read at first": async ({ device }: Wire) => {
    assert.equal(device.readable, false);
    assert.equal(device.read(), undefined);
  },
  "sends frames whole and in order, of every length": async (wire: Wire) => {
    const lengths = [ethernetHeader, 15, 60, 1000, wire.device.mtu + ethernetHeader];
    for (const [i, length] of lengths.entries()) assert.equal(wire.device.write(frame(length, i)), result.ok);
    for (const [i, length] of lengths.entries()) {
      assert.deepEqual(new Uint8Array((await wire.receive()) ?? []), frame(length, i));
    }
  },
  "receives frames whole and in order, of every length": async (wire: Wire) => {
    const lengths = [ethernetHeader, 15, 60, 1000, wire.device.mtu + ethernetHeader];
    for (const [i, length] of lengths.entries()) wire.send(frame(length, i));
    for (const [i, length] of lengths.entries()) {
      assert.deepEqual(new Uint8Array(await readNext(wire)), frame(length, i));
    }
    assert.equal(wire.device.read(), undefined);
  },
  "takes a copy of what it sends": async (wire: Wire) => {
    const data = frame(60, 1);
    wire.device.write(data);
    data.fill(0);
    assert.deepEqual(new Uint8Array((await wire.receive()) ?? []), frame(60, 1));
  },
  "gives bytes that are the reader's own": async (wire: Wire) => {
    wire.send(frame(60, 1));
    wire.send(frame(60, 2));
    (await readNext(wire)).fill(0);
    assert.deepEqual(new Uint8Array(await readNext(wire)), frame(60, 2));
  },
  "tells the last listener, and it alone, that frames have come": async (wire: Wire) => {
    const told: string[] = [];
    wire.device.onReadable(() => told.push("first"));
    wire.device.onReadable(() => told.push(`second ${wire.device.readable}`));
    wire.send(frame(60, 1));
    await until(() => told.length > 0, "the listener is told");
    assert.deepEqual([...new Set(told)], ["second true"]);
    await readNext(wire);
    const before = told.length;
    wire.send(frame(60, 2));
    await until(() => told.length > before, "the listener is told again");
  },
  "never blocks or throws, however much is sent": async (wire: Wire) => {
    let taken = 0;
    for (let i = 0; i < 5000; i++) {
      const outcome = wire.device.write(frame(1000, i));
      assert.ok(outcome === result.ok || outcome === result.again, `frame ${i}: ${outcome}`);
      if (outcome === result.ok) taken++;
    }
    assert.ok(taken > 0);
    assert.deepEqual(new Uint8Array((await wire.receive()) ?? []), frame(1000, 0));
  },
  "keeps the order of what it could hold, however much comes": async (wire: Wire) => {
    for (let i = 0; i < 3000; i++) wire.send(frame(60, i & 0xff));
    assert.deepEqual(new Uint8Array(await readNext(wire)), frame(60, 0));
    assert.deepEqual(new Uint8Array(await readNext(wire)), frame(60, 1));
  },
  "answers with a result for what is no frame": async ({ device }: Wire) => {
    for (const length of [0, 1, ethernetHeader - 1, device.mtu + ethernetHeader + 1, 70_000]) {
      assert.ok(Object.values(result).includes(device.write(new Uint8Array(length))), `${length} bytes`);
    }
  },
};

/** Runs every case on a wire of its own, but for those that the device has no part in. */
export function netDeviceCases(
  name: string,
  open: () => Wire | Promise<Wire>,
  { without = [] }: { readonly without?: readonly Without[] } = {},
): void {
  for (const [title, run] of Object.entries(cases)) {
    if (without.some((one) => one.case === title)) continue;
    test(`${name}: ${title}`, async () => {
      const wire = await open();
      try {
        await run(wire);
      } finally {
        wire.close();
      }
    });
  }
}
