// The server on a virtual CPU of ten lines: what it answers, with whom it speaks, and that nothing makes it throw.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Answer, PortableVcpu } from "../../engine/contract.js";
import { plainMemory } from "../../image/memory.js";
import type { Session } from "../../targets/contract.js";
import type { Ended } from "../../tender/instrument.js";
import { architectures } from "./architectures.js";
import { describe, registersOf } from "./description.js";
import { createPacketReader, encodePacket } from "./packet.js";
import { createGdbServer } from "./server.js";

const text = new TextDecoder("latin1");

/** A guest of 64 KiB that stands at 0x1000 and has no registers but rip, rax and xmm0. */
function machine() {
  const values = new Map([
    ["rip", 0x1000n],
    ["rax", 0x1122n],
    ["xmm0", 0x0102n << 112n],
  ]);
  const calls: string[] = [];
  const memory = plainMemory(0x10000);
  const vcpu: PortableVcpu = {
    memory,
    registers: {
      get(name) {
        const value = values.get(name);
        if (value === undefined) throw new RangeError(name);
        return value;
      },
      set(name, value) {
        if (!values.has(name)) throw new RangeError(name);
        values.set(name, value);
      },
    },
    instructions: 0n,
    run() {},
    setBudget() {},
    setBreakpoint: (address, on) => void calls.push(`break ${address.toString(16)} ${on}`),
    setWatchpoint: (address, length, access, on) =>
      void calls.push(`watch ${address.toString(16)} ${length} ${access} ${on}`),
    setStep: (on) => void calls.push(`step ${on}`),
    interrupt() {},
    [Symbol.dispose]() {},
  };
  let ended: Ended | undefined;
  const gdb = createGdbServer({ isa: "x86-64" });
  const target: Session = { answer: () => "suspend", state: { kind: "running" }, wake() {} };
  const session = gdb.session?.(target, {
    vcpu,
    attention() {},
    stop: (outcome) => (ended = outcome),
  }) as Session;
  let wire = new Uint8Array();
  let isHungUp = false;
  const connect = (): void =>
    gdb.connect(
      (bytes) => (wire = Uint8Array.of(...wire, ...bytes)),
      () => (isHungUp = true),
    );
  connect();
  /** What came back for one packet: acknowledgement and data. */
  const say = (data: string): string => {
    if (isHungUp) connect();
    isHungUp = false;
    wire = new Uint8Array();
    gdb.receive(encodePacket(data));
    return text.decode(wire);
  };
  const ask = (data: string): string => {
    const packet = createPacketReader()(bytesOf(say(data))).find(({ kind }) => kind === "packet");
    return packet?.kind === "packet" ? packet.data : "none";
  };
  const exit = (one: Parameters<Answer>[0]) => session.answer(one);
  return { gdb, say, ask, exit, calls, memory, values, ended: () => ended, output: () => text.decode(wire) };
}
const bytesOf = (wire: string): Uint8Array => Uint8Array.from(wire, (char) => char.charCodeAt(0));

test("acknowledgements until gdb wants none", () => {
  const { say, gdb, output } = machine();
  assert.equal(say("qC"), "+$QC1#c5");
  gdb.receive(bytesOf("-"));
  assert.match(output(), /\$QC1#c5\$QC1#c5$/);
  assert.equal(say("QStartNoAckMode"), "+$OK#9a");
  assert.equal(say("qC"), "$QC1#c5");
  gdb.receive(bytesOf("$qC#00"));
  assert.equal(output(), "$QC1#c5");
});

test("a damaged packet is asked for again", () => {
  const { gdb, output } = machine();
  gdb.receive(bytesOf("$qC#00"));
  assert.equal(output(), "-");
});

test("registers: little endian, x where there is none", () => {
  const { ask, values } = machine();
  assert.equal(ask("p0"), "2211000000000000");
  assert.equal(ask("p1"), "xxxxxxxxxxxxxxxx");
  assert.equal(ask("P0=0807060504030201"), "OK");
  assert.equal(values.get("rax"), 0x0102030405060708n);
  const all = ask("g");
  assert.equal(
    all.length,
    registersOf(architectures["x86-64"]).reduce((sum, { bits }) => sum + bits / 4, 0),
  );
  assert.equal(ask(`G${all}`), "OK");
  assert.equal(ask("g"), all);
  for (const bad of ["P0=01", "P0", "P1=0000000000000000", "pffff", "p", "G00"])
    assert.equal(ask(bad), "E16", bad);
});

test("memory, whole and at its end", () => {
  const { ask, memory } = machine();
  assert.equal(ask("M10,3:010203"), "OK");
  assert.equal(ask("m10,3"), "010203");
  assert.equal(ask("X10,2:\x7d\x24"), "OK");
  assert.deepEqual(memory.bytes(0x10, 3), Uint8Array.of(0x7d, 0x24, 3));
  assert.equal(ask("mfffe,10"), "0000");
  assert.equal(ask("m10000,1"), "E0e");
  assert.equal(ask("mffffffffffffffff,ffffffff"), "E0e");
  assert.equal(ask("M10000,1:00"), "E0e");
  for (const bad of ["m", "m1", "m1,", "mx,1", "M1,2:00", "M1,1:0", "m11111111111111111,1"])
    assert.equal(ask(bad), "E16", bad);
});

test("points: several on one address, told once", () => {
  const { ask, calls } = machine();
  for (const command of ["Z0,1000,1", "Z1,1000,1", "Z0,1000,1", "z0,1000,1", "z1,1000,1"])
    assert.equal(ask(command), "OK");
  assert.deepEqual(calls.splice(0), ["break 1000 true", "break 1000 false"]);
  assert.equal(ask("Z4,2000,8"), "OK");
  assert.deepEqual(calls, ["watch 2000 8 read true", "watch 2000 8 write true"]);
  assert.equal(ask("Z5,2000,8"), "");
  for (const bad of ["Z2,2000,0", "Z2,2000,ffffffff", "Z2,2000", "Z2"]) assert.equal(ask(bad), "E16", bad);
});

test("a stop is told once the guest stands still, a watchpoint after its access", () => {
  const { gdb, ask, say, exit, calls } = machine();
  ask("Z0,1000,1");
  ask("Z2,2004,4");
  assert.equal(say("vCont;c"), "+");
  assert.equal(exit({ kind: "breakpoint" }), "suspend");
  assert.ok(gdb.hold?.() instanceof Promise);
  assert.equal(ask("?"), "T05thread:1;swbreak:;");
  say("c");
  assert.equal(gdb.hold?.(), undefined);
  assert.equal(exit({ kind: "watchpoint", address: 0x2000n, access: "write" }), "suspend");
  assert.notEqual(calls.at(-1), "step true");
  assert.equal(gdb.hold?.(), undefined);
  assert.equal(calls.at(-1), "step true");
  exit({ kind: "step" });
  void gdb.hold?.();
  assert.equal(ask("?"), "T05thread:1;watch:2004;");
});

test("interrupt, kill, detach", () => {
  const { gdb, ask, say, calls, ended } = machine();
  say("c");
  gdb.receive(Uint8Array.of(3));
  assert.ok(gdb.hold?.() instanceof Promise);
  assert.equal(ask("?"), "T02thread:1;");
  ask("Z0,1000,1");
  assert.equal(ask("D"), "OK");
  assert.deepEqual(calls.slice(-2), ["break 1000 false", "step false"]);
  assert.equal(gdb.hold?.(), undefined);
  gdb.connect(() => {});
  assert.ok(gdb.hold?.() instanceof Promise);
  say("k");
  assert.deepEqual(ended(), { status: 137 });
});

test("the end: a status, and before it a signal where the guest died of something", async () => {
  const clean = machine();
  clean.say("c");
  await clean.gdb.ended?.({ status: 3 });
  assert.match(clean.output(), /\$W03#/);
  const aborted = machine();
  aborted.say("c");
  const end = aborted.gdb.ended?.({ status: 255 });
  assert.match(aborted.output(), /\$T06thread:1;#/);
  aborted.say("c");
  await end;
  assert.match(aborted.output(), /\$Wff#/);
});

test("unknown commands are not supported, going back without a recording is an error", () => {
  const { ask } = machine();
  for (const unknown of ["vMustReplyEmpty", "qTStatus", "_", "qXfer:auxv:read::0,10"])
    assert.equal(ask(unknown), "", unknown);
  assert.equal(ask("bs"), "E16");
  assert.equal(ask("qXfer:features:read:other.xml:0,10"), "E00");
});

test("the target description comes in pieces", () => {
  const { ask } = machine();
  let document = "";
  for (let more = true; more;) {
    const piece = ask(`qXfer:features:read:target.xml:${document.length.toString(16)},100`);
    document += piece.slice(1);
    more = piece.startsWith("m");
    assert.ok(piece.length <= 0x101);
  }
  assert.equal(document, describe(architectures["x86-64"]));
});

test("no command makes the server throw or fall silent", () => {
  const start = fc.constantFrom(
    ..."gGpPmMXZzcsCSHTDk?qv",
    "vCont;",
    "qXfer:features:read:",
    "Z2,",
    "qSupported",
  );
  const rest = fc.string({ unit: fc.constantFrom(..."0123456789abcdef,:;=#$}*xf") });
  fc.assert(
    fc.property(fc.array(fc.tuple(start, rest)), (all) => {
      const { gdb, say } = machine();
      for (const [name, argument] of all) {
        const answer = say(name + argument);
        assert.ok(answer.startsWith("+"));
        // A guest that was let go is taken back.
        gdb.receive(Uint8Array.of(3));
        void gdb.hold?.();
      }
    }),
  );
});
