// The interrupt controllers at their registers, as a kernel sets them up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPic } from "./pic.js";

function newPic() {
  const pic = createPic();
  for (const [port, value] of [
    [0x20, 0x11],
    [0x21, 0x20],
    [0x21, 4],
    [0x21, 1],
    [0xa0, 0x11],
    [0xa1, 0x28],
    [0xa1, 2],
    [0xa1, 1],
  ] as const)
    pic.out(port, value, 1);
  return pic;
}
const endMaster = 0x20;

test("as firmware leaves it, line 2 is open and 0 is open, most are not", () => {
  const pic = createPic();
  assert.deepEqual([pic.in(0x21, 1), pic.in(0xa1, 1)], [0xb8, 0x8f]);
});

test("an edge interrupts once, and not again before the end of it", () => {
  const pic = newPic();
  const timer = pic.line(0);
  timer.set(true);
  assert.equal(pic.isPending, true);
  assert.equal(pic.acknowledge(), 0x20);
  timer.set(false);
  timer.set(true);
  assert.equal(pic.isPending, false, "still in service");
  pic.out(0x20, endMaster, 1);
  assert.equal(pic.acknowledge(), 0x20);
  pic.out(0x20, endMaster, 1);
  assert.equal(pic.isPending, false, "the line is high, but without an edge");
});

test("a masked line waits until it is open", () => {
  const pic = newPic();
  pic.out(0x21, 0xff, 1);
  pic.line(0).set(true);
  assert.equal(pic.isPending, false);
  pic.out(0x21, 0xfe, 1);
  assert.equal(pic.acknowledge(), 0x20);
});

test("a level line of the slave interrupts as long as it is high", () => {
  const pic = newPic();
  const net = pic.line(11);
  net.set(true);
  assert.equal(pic.acknowledge(), 0x2b);
  pic.out(0xa0, 0x20, 1);
  pic.out(0x20, endMaster, 1);
  assert.equal(pic.acknowledge(), 0x2b, "nobody lowered it");
  net.set(false);
  pic.out(0xa0, 0x20, 1);
  pic.out(0x20, endMaster, 1);
  assert.equal(pic.isPending, false);
});

test("the more important line goes first, and holds the others back", () => {
  const pic = newPic();
  pic.line(11).set(true);
  pic.line(10).set(true);
  pic.line(1).set(true);
  assert.equal(pic.acknowledge(), 0x21);
  assert.equal(pic.isPending, false);
  pic.out(0x20, 0x61, 1); // specifically line 1's end
  assert.equal(pic.acknowledge(), 0x2a);
  pic.line(0).set(true);
  assert.equal(pic.acknowledge(), 0x20, "line 0 interrupts the cascade's");
});

test("requests and service can be read; a request that went away is spurious", () => {
  const pic = newPic();
  const net = pic.line(10);
  net.set(true);
  assert.equal(pic.in(0xa0, 1), 1 << 2);
  net.set(false);
  assert.equal(pic.acknowledge(), 0x27);
  pic.out(0x20, 0x0b, 1);
  assert.equal(pic.in(0x20, 1), 0, "a spurious one is not in service");
  pic.line(0).set(true);
  pic.acknowledge();
  assert.equal(pic.in(0x20, 1), 1);
  pic.out(0x20, 0x0a, 1);
  assert.equal(pic.in(0x20, 1), 0);
});
