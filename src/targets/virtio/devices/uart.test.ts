// COM1 at its registers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createUart } from "./uart.js";

function newUart() {
  let text = "";
  const uart = createUart({ write: (data) => (text += new TextDecoder().decode(data)) });
  return { uart, text: () => text, put: (value: string) => [...value].forEach((c) => uart.out(0x3f8, c.charCodeAt(0), 1)) }; // prettier-ignore
}

test("what is written comes out line by line, as it is", () => {
  const { uart, text, put } = newUart();
  put("ab\r\nc");
  assert.equal(text(), "ab\r\n");
  uart.flush();
  uart.flush();
  assert.equal(text(), "ab\r\nc");
});

test("the divisor latch is no output, and is read back", () => {
  const { uart, text } = newUart();
  uart.out(0x3fb, 0x80, 1);
  uart.out(0x3f8, 1, 1);
  uart.out(0x3f9, 2, 1);
  assert.deepEqual([uart.in(0x3f8, 1), uart.in(0x3f9, 1)], [1, 2]);
  uart.out(0x3fb, 3, 1);
  assert.deepEqual([uart.in(0x3f8, 1), uart.in(0x3f9, 1), uart.in(0x3fb, 1)], [0, 0, 3]);
  uart.flush();
  assert.equal(text(), "");
});

test("the transmitter is always ready, the receiver never; a scratch register keeps", () => {
  const { uart } = newUart();
  assert.equal(uart.in(0x3fd, 1), 0x60);
  assert.equal(uart.in(0x3fa, 1), 0x01);
  uart.out(0x3ff, 0x5a, 1);
  assert.equal(uart.in(0x3ff, 1), 0x5a);
});
