// What the tests of src/ip use of Node's globals and modules beside node:test and node:assert.
const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};
const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

/** Nothing is known of the engine's memory: that nothing grows is what the tests see in Node. */
const memoryUsage = () => ({ heapUsed: 0, arrayBuffers: 0 });

/** fast-check wants to know them; properties that wait would want to call them. */
const noTimer = (): never => {
  throw new Error("there are no timers");
};

Object.assign(globalThis, {
  clearTimeout: noTimer,
  setTimeout: noTimer,
  Buffer: { concat, from: fromHex },
  process: { env: { SOLO5_IP_RUNS: "8" }, memoryUsage },
});

// Of node:v8 and node:vm, for the garbage collector.
export const setFlagsFromString = (): void => {};
export const runInNewContext = () => (): void => {};
