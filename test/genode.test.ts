// Unikernels for Genode without Genode: the self-tests, devices, and files that Genode's dynamic linker would refuse.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  attach,
  createPeer,
  createSegment,
  open,
  run,
  seal,
  Solo5Error,
  type BlockRequest,
  type NetRequest,
} from "../src/index.js";
import { genodeMap, imageStart } from "../src/targets/genode/layout.js";
import { execute, selfTest, solo5 } from "./command.js";
import { needs } from "./needs.js";
import { guestOf, guestWithDisk } from "./replays.js";
import { checkOutcome, netTests, newDisk, selfTests } from "./self-tests.js";
import { targetCases } from "./target.cases.js";
import { comesToRest, ownMsecs, until } from "./until.js";

targetCases({ target: "genode", memMiB: 20, guest: guestWithDisk });

const folder = mkdtempSync(join(tmpdir(), "solo5-genode-"));
after(() => rmSync(folder, { recursive: true }));

for (const row of selfTests) {
  const { name, args = [], options = () => [], status } = row;
  if (status.genode === undefined) continue;
  const [, sectors] = options("").map((option) => Number(/=(\d+)$/.exec(option)?.[1] ?? 0));
  test(
    `genode ${name}: as a process ${options("DISK").join(" ")}`,
    { skip: needs.x8664Linux() },
    async () => {
      let text = "";
      const block: Record<string, BlockRequest> =
        sectors === undefined
          ? {}
          : { storage: { source: { kind: "file", path: newDisk(folder) }, blockSize: sectors } };
      const plan = attach(open(selfTest(`test_${name}.genode`)), { memMiB: 20, args, block });
      await using running = run(plan, {
        engine: "native",
        console: { write: (data) => (text += new TextDecoder().decode(data)) },
      });
      const { status, message = "" } = await running.exited;
      checkOutcome(row, "genode", { status, stdout: text, stderr: message });
    },
  );
}

test("genode: sealed, it is a static executable", { skip: needs.x8664Linux() }, async () => {
  const file = join(folder, "hello");
  const plan = attach(open(selfTest("test_hello.genode")), {
    memMiB: 20,
    args: ["Hello_Solo5"],
    isSealed: true,
  });
  writeFileSync(file, seal(plan), { mode: 0o755 });
  const { stdout, status } = await execute(file);
  assert.match(stdout, /'Hello_Solo5'[^]*SUCCESS/);
  assert.equal(status, 0);
});

const onSegment = () => {
  const segment = createSegment();
  const net: NetRequest = { source: { kind: "device", device: segment.port() } };
  return { segment, net };
};
const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);

for (const row of netTests) {
  test(`genode ${row.name}`, async () => {
    let text = "";
    const plan = attach(open(selfTest(`test_${row.name}.genode`)), {
      memMiB: 20,
      net: Object.fromEntries(row.nics.map((nic) => [nic, onSegment().net])),
    });
    await using running = run(plan, {
      engine: "wasm",
      console: { write: (data) => (text += new TextDecoder().decode(data)) },
    });
    const { status, message = "" } = await running.exited;
    checkOutcome(row, "genode", { status, stdout: text, stderr: message });
  });
}

for (const engine of ["wasm", "native"] as const) {
  const skip = engine === "native" ? needs.x8664Linux() : false;
  test(`genode: pings, and no time is used where none come: ${engine}`, { skip }, async () => {
    const { segment, net } = onSegment();
    const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac });
    let text = "";
    const plan = attach(open(selfTest("test_net.genode")), { memMiB: 20, net: { service0: net } });
    await using running = run(plan, {
      engine,
      console: { write: (data) => (text += new TextDecoder().decode(data)) },
    });
    for (let i = 0; i < 50; i++)
      assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined, `ping ${i}: ${text}`);
    await until("it serves", () => text.includes("Serving"));
    await comesToRest(ownMsecs);
    running.stop();
    await running.exited;
  });
}

test("genode: thread-local storage is refused", async () => {
  const { stderr, status } = await solo5("solo5", ["run", selfTest("test_tls.genode")]);
  assert.match(
    stderr,
    /^solo5: .*: relocation at 0x\w+: type \d+ is one of thread-local storage, which [^\n]*\n$/,
  );
  assert.equal(status, 1);
});

test("genode: everything from the image on can be read, which engines build on, and has to fit", () => {
  const guest = guestOf("test_ssp.genode");
  const { unikernel } = guest;
  const map = genodeMap({ ...guest, memSize: 17 << 20 });
  const start = imageStart(guest);
  assert.ok(map.regions.every((region) => region.read || region.end <= start));
  const memSize = unikernel.imageEnd + 4096 + (512 << 10);
  assert.equal(genodeMap({ ...guest, memSize }).size, memSize);
  assert.throws(
    () => genodeMap({ ...guest, memSize: memSize - 4096 }),
    (error) =>
      error instanceof Solo5Error &&
      error.code === "MEMORY" &&
      /image and stack take \d+ bytes: guest memory of \d+ bytes is too small, see --mem$/.test(
        error.message,
      ),
  );
});

test("genode: what its linker would refuse is refused with a line", () => {
  const file = Uint8Array.from(readFileSync(selfTest("test_hello.genode")));
  const text = new TextDecoder("latin1").decode(file);
  const changed = (change: (copy: Uint8Array, view: DataView) => void): Uint8Array => {
    const copy = Uint8Array.from(file);
    change(copy, new DataView(copy.buffer));
    return copy;
  };
  const at = (name: string): number => {
    const found = text.indexOf(`\0${name}\0`);
    assert.ok(found > 0, name);
    return found + 1;
  };
  const rename = (name: string) => changed((copy) => (copy[at(name)] = 0x58));
  const refuses = (bytes: Uint8Array, message: RegExp): void => {
    assert.throws(
      () => open(bytes, "app.genode"),
      (error) =>
        error instanceof Solo5Error &&
        /^app\.genode: [^\n]*$/.test(error.message) &&
        message.test(error.message),
      String(message),
    );
  };
  refuses(rename("solo5.lib.so"), /e_type is 3 \(ET_DYN\), expected 2 \(ET_EXEC\), or solo5\.lib\.so among/);
  refuses(rename("solo5_console_write"), /nothing defines the symbol Xolo5_console_write/);
  refuses(rename("__solo5_mft1_note"), /No Solo5 manifest found in executable/);
  refuses(rename("solo5_app_main"), /it has no solo5_app_main/);
  // The first of JUMP_SLOT's, by its type: 24 bytes each, the type behind the address.
  const slot = changed((copy, view) => {
    for (let i = 0; i + 24 <= copy.length; i += 8) {
      if (
        view.getUint32(i + 8, true) === 7 &&
        view.getUint32(i, true) >>> 12 === 0x1002 &&
        view.getUint32(i + 4, true) === 0
      ) {
        view.setUint32(i + 8, 37, true);
        return;
      }
    }
  });
  refuses(slot, /relocation at 0x1002\w+: type 37 is unknown/);
});
