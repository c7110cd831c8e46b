// What stands for node:assert/strict where there is no Node: as much as the tests of src/ip ask for.
function show(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function fail(message?: unknown): never {
  throw message instanceof Error ? message : new Error(String(message ?? "failed"));
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Map || a instanceof Set) return isEqual([...a], [...(b as Set<unknown>)]);
  const [own, others] = [Reflect.ownKeys(a), Reflect.ownKeys(b)];
  const values = (from: object, key: PropertyKey): unknown => (from as Record<PropertyKey, unknown>)[key];
  return (
    own.length === others.length &&
    own.every((key) => Object.hasOwn(b, key) && isEqual(values(a, key), values(b, key)))
  );
}

const assert = {
  fail,
  ok(value: unknown, message?: unknown): void {
    if (!value) fail(message ?? `${show(value)} is not true`);
  },
  equal(actual: unknown, expected: unknown, message?: unknown): void {
    if (!Object.is(actual, expected)) fail(message ?? `${show(actual)}, not ${show(expected)}`);
  },
  notEqual(actual: unknown, other: unknown, message?: unknown): void {
    if (Object.is(actual, other)) fail(message ?? `${show(actual)}, as it must not be`);
  },
  deepEqual(actual: unknown, expected: unknown, message?: unknown): void {
    if (!isEqual(actual, expected)) fail(message ?? `${show(actual)}, not ${show(expected)}`);
  },
  throws(call: () => unknown): void {
    try {
      call();
    } catch {
      return;
    }
    fail("nothing was thrown");
  },
};
// Node has it as its default.
export { assert as default }; // oxlint-disable-line import/no-default-export
