const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
class Counter {
  #count = 1;
  get count() {
    return this.#count;
  }
}
const replaced = "a1b22".replace(/\d+/g, (digits) => `<${digits}>`);
const big = (2n ** 100n).toString();
JSON.stringify({
  fib: fib(5 + (rounds % 5)),
  count: new Counter().count,
  replaced,
  big,
  date: new Date(0).toISOString(),
});
