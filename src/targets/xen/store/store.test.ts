// Xenstore: what the server owes by Xen's docs/misc/xenstore.txt, and what a hostile guest's rings do to it.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { plainMemory } from "../../../image/memory.js";
import { createConnection } from "./connection.js";
import { createServer } from "./server.js";
import { createTree } from "./tree.js";

const home = "/local/domain/1";
const type = {
  directory: 1,
  read: 2,
  watch: 4,
  begin: 6,
  end: 7,
  write: 11,
  rm: 13,
  event: 15,
  error: 16,
} as const;

function served() {
  let changed = (_path: string): void => {};
  const tree = createTree((path) => changed(path));
  tree.write(`${home}/name`, "guest");
  const server = createServer(tree, home, 1);
  changed = (path) => server.changed(path);
  const ask = (kind: number, payload: string, txId = 0): string => {
    const answer = server.answer({ type: kind, reqId: 5, txId, payload });
    assert.equal(answer.reqId, 5);
    return answer.type === type.error ? `error ${answer.payload.slice(0, -1)}` : answer.payload;
  };
  return { tree, server, ask };
}

test("transactions: two that change something, of which the second is to be tried again", () => {
  const { ask } = served();
  const [first, second, idle] = [0, 1, 2].map(() => Number(ask(type.begin, "\0").slice(0, -1)));
  assert.equal(ask(type.write, "data/a\0one", first), "OK\0");
  assert.equal(ask(type.write, "data/b\0two", second), "OK\0");
  assert.equal(ask(type.read, "data/b\0", first), "error ENOENT");
  assert.equal(ask(type.end, "T\0", first), "OK\0");
  assert.equal(ask(type.end, "T\0", second), "error EAGAIN");
  assert.equal(ask(type.end, "T\0", idle), "OK\0");
  assert.equal(ask(type.read, "data/a\0"), "one");
  assert.equal(ask(type.read, "data/b\0"), "error ENOENT");
  assert.equal(ask(type.end, "T\0", second), "error ENOENT");
});

test("limits: nodes, values, paths, watches, transactions", () => {
  const { ask } = served();
  assert.equal(ask(type.write, `data/long\0${"x".repeat(2049)}`), "error E2BIG");
  assert.equal(ask(type.write, "/local/domain/0/data\0x"), "error EACCES");
  assert.equal(ask(type.rm, `${home}\0`), "error EACCES");
  for (const path of ["", "data//a", "data/", "data/ä", "../x", `data/${"y".repeat(3072)}`])
    assert.equal(ask(type.write, `${path}\0x`), "error EINVAL", path);
  let written = 0;
  while (ask(type.write, `data/${written}\0x`) === "OK\0") written++;
  assert.ok(written > 1900 && written < 2000, `${written}`);
  let watches = 0;
  while (ask(type.watch, `data/${watches}\0t\0`) === "OK\0") watches++;
  assert.equal(watches, 128);
  let transactions = 0;
  while (!ask(type.begin, "\0").startsWith("error")) transactions++;
  assert.equal(transactions, 10);
});

test("no rings and no messages end it, make it answer for ever, or write elsewhere", () => {
  const word = fc.oneof(fc.nat(4096), fc.nat(0xffff_ffff), fc.constantFrom(1024, 1025, 0xffff_fc00));
  const message = fc.record({
    type: fc.nat(22),
    txId: fc.oneof(fc.constant(0), fc.nat(12)),
    payload: fc.oneof(
      fc.constantFrom("data/a\0", "data\0token\0", "@releaseDomain\0x\0", "T\0", "/\0", `${home}/name\0v`),
      fc.string({ maxLength: 60 }),
    ),
    len: fc.option(word, { nil: undefined }),
  });
  const step = fc.record({
    messages: fc.array(message, { maxLength: 8 }),
    counts: fc.record({ reqProd: word, reqCons: word, rspCons: word, rspProd: word }, { requiredKeys: [] }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      const { server } = served();
      const memory = plainMemory(3 * 4096);
      const all = memory.bytes(0, memory.size) ?? new Uint8Array();
      const view = new DataView(all.buffer, 4096, 4096);
      const connection = createConnection(memory, 4096, server);
      const at = { reqCons: 2048, reqProd: 2052, rspCons: 2056, rspProd: 2060 } as const;
      for (const { messages, counts } of steps) {
        let end = view.getUint32(at.reqProd, true);
        for (const { type: kind, txId, payload, len } of messages) {
          const text = new TextEncoder().encode(payload);
          const bytes = new Uint8Array(16 + text.length);
          new Uint32Array(bytes.buffer, 0, 4).set([kind, 1, txId, len ?? text.length]);
          bytes.set(text, 16);
          for (const byte of bytes) view.setUint8(end++ % 1024, byte);
        }
        view.setUint32(at.reqProd, end, true);
        for (const [name, value] of Object.entries(counts))
          view.setUint32(at[name as keyof typeof at], value, true);
        connection.pump();
        connection.pump();
        assert.ok(all.subarray(0, 4096).every((byte) => byte === 0));
        assert.ok(all.subarray(8192).every((byte) => byte === 0));
      }
    }),
    { numRuns: 200 },
  );
});

test("a guest that reads nothing is asked for nothing more, and loses nothing", () => {
  const { server, ask } = served();
  assert.equal(ask(type.write, `data/a\0${"v".repeat(2000)}`), "OK\0");
  const memory = plainMemory(4096);
  const view = new DataView((memory.bytes(0, 4096) ?? new Uint8Array()).buffer);
  const connection = createConnection(memory, 0, server);
  const request = new Uint8Array(23);
  new Uint32Array(request.buffer, 0, 4).set([2, 9, 0, 7]);
  request.set(new TextEncoder().encode("data/a\0"), 16);
  for (let i = 0; i < 40; i++) request.forEach((byte, n) => view.setUint8(i * 23 + n, byte));
  view.setUint32(2052, 40 * 23, true);
  for (let i = 0; i < 10; i++) connection.pump();
  assert.equal(view.getUint32(2060, true), 1024, "the ring is full");
  let read = 0;
  for (let rounds = 0; rounds < 1000 && read < 40 * 2016; rounds++) {
    read = view.getUint32(2060, true);
    view.setUint32(2056, read, true);
    connection.pump();
  }
  assert.equal(read, 40 * 2016);
});
