// What passes the channels of a muen subject, as files. Witnesses: the console's own output, and the network on the other side.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { watchChannels } from "../../src/debug/channels/channels.js";
import { createPeer, createSegment } from "../../src/index.js";
import { forwarded } from "../../src/net/contract.js";
import { killed, type Controls, type Instrument } from "../../src/tender/instrument.js";
import { selfTest, solo5 } from "../command.js";
import { concat, guestOf, nothing, run } from "../replays.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-channels-"));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** SHMStream's log elements: a time, and text up to its NUL. */
function logOf(bytes: Uint8Array): { readonly text: string; readonly times: readonly bigint[] } {
  assert.equal(bytes.length % 64, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const places = Array.from({ length: bytes.length / 64 }, (_, i) => 64 * i);
  const text = places.map((place) => {
    const chars = bytes.subarray(place + 8, place + 64);
    const end = chars.indexOf(0);
    return Buffer.from(end < 0 ? chars : chars.subarray(0, end)).toString("latin1");
  });
  return { text: text.join(""), times: places.map((place) => view.getBigUint64(place, true)) };
}

test("the log, and the same again from a recording", async () => {
  const hello = selfTest("test_hello.muen");
  const more = ["--record", at("recording"), "--channel", `debuglog=${at("log")}`];
  const { stdout, status } = await solo5("solo5", ["run", ...more, hello, "Hello_Solo5"]);
  assert.equal(status, 0);
  const bytes = readFileSync(at("log"));
  const { text, times } = logOf(bytes);
  assert.equal(text, stdout);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => Number(a - b)),
  );
  const replay = ["replay", `--channel=debuglog=${at("again")}`, at("recording")];
  assert.equal((await solo5("solo5", replay)).status, 0);
  assert.deepEqual(readFileSync(at("again")), bytes);
});

test("a network's two channels", async () => {
  const guest = guestOf("test_net.muen", ({ devices }) =>
    devices.map((device) => ({ ...device, type: "NET_BASIC", mtu: 1500 })),
  );
  const segment = createSegment();
  const port = segment.port();
  const frames = { in: [] as Uint8Array[], out: [] as Uint8Array[] };
  const device = forwarded(port, {
    read() {
      const frame = port.read();
      if (frame !== undefined) frames.in.push(frame.slice());
      return frame;
    },
    write(frame) {
      frames.out.push(frame.slice());
      return port.write(frame);
    },
  });
  const passed = { in: [] as Uint8Array[], out: [] as Uint8Array[] };
  const sinks = new Map([
    ["service0|in", (element: Uint8Array) => void passed.in.push(element.slice())],
    ["service0|out", (element: Uint8Array) => void passed.out.push(element.slice())],
  ]);
  const pinging: Instrument = {
    session(session, controls: Controls) {
      const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
      const ping = async (): Promise<void> => {
        for (let i = 0; i < 5; i++)
          assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 20_000 })) !== undefined);
      };
      void ping().finally(() => controls.stop(killed));
      return session;
    },
  };
  await run(guest, { ...nothing, nets: new Map([[1, device]]) }, [watchChannels(sinks), pinging]);
  for (const way of ["in", "out"] as const) {
    assert.ok(frames[way].length > 5, `${frames[way].length} frames ${way}`);
    const elements = concat(passed[way]);
    assert.equal(elements.length, 1516 * frames[way].length);
    frames[way].forEach((frame, i) => {
      const element = elements.subarray(1516 * i, 1516 * (i + 1));
      assert.deepEqual(element.subarray(0, frame.length), frame);
      assert.equal((element[1514] ?? 0) | ((element[1515] ?? 0) << 8), frame.length);
    });
  }
});

test("channels that are not there, and files that cannot be", async () => {
  const [muen, hvt] = [selfTest("test_hello.muen"), selfTest("test_hello.hvt")];
  for (const [args, says] of [
    [["--channel=log=x", muen], /: there is no channel 'log': debuglog$/],
    [["--channel=debuglog=x", hvt], /: there is no channel 'debuglog': unikernels of hvt have none$/],
    [["--channel=debuglog", muen], /'debuglog' is no channel and file: --channel=NAME=FILE$/],
    [["--channel=a=x", "--channel=a=y", muen], /--channel is given twice for a$/],
    [
      ["--channel=a=x", "--channel=b=x", muen],
      /^solo5: x: two channels would be mixed there: a file for each$/,
    ],
    [[`--channel=debuglog=${folder}`, muen], /: Could not open: Is a directory$/],
    [["--channel=debuglog=/dev/full", muen], /\/dev\/full: Could not write: No space left on device$/],
  ] as const) {
    const { stderr, status } = await solo5("solo5", ["run", ...args]);
    assert.equal(status, 1);
    assert.match(stderr.trimEnd(), says);
  }
});
