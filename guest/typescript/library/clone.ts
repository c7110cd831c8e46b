// structuredClone: HTML 2.7, without transfer of anything but buffers, and with errors as Error.

const errors: Readonly<Record<string, ErrorConstructor>> = {
  Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
}; // prettier-ignore

export function structuredClone<T>(
  value: T,
  { transfer = [] }: { transfer?: readonly ArrayBuffer[] } = {},
): T {
  const made = new Map<object, unknown>();
  for (const buffer of transfer) made.set(buffer, buffer.transfer());
  return clone(value, made) as T;
}

/** Of holes, as a sparse one may have. */
function emptyArray(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

function refuse(value: unknown): never {
  throw new DOMException(`${String(value)} could not be cloned.`, "DataCloneError");
}

function clone(value: unknown, made: Map<object, unknown>): unknown {
  if (typeof value === "function" || typeof value === "symbol") refuse(value);
  if (typeof value !== "object" || value === null) return value;
  if (made.has(value)) return made.get(value);
  const keep = <T>(copy: T): T => {
    made.set(value, copy);
    return copy;
  };
  if (value instanceof Date) return keep(new Date(value));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  const tag = Object.prototype.toString.call(value);
  if (/^\[object (Boolean|Number|String)\]$/.test(tag)) return keep(Object(value.valueOf()));
  if (value instanceof ArrayBuffer) return keep(value.slice(0));
  if (ArrayBuffer.isView(value)) {
    const buffer = clone(value.buffer, made) as ArrayBuffer;
    const { constructor } = value as unknown as {
      constructor: new (b: ArrayBuffer, o: number, n: number) => unknown;
    };
    const length = value instanceof DataView ? value.byteLength : (value as Uint8Array).length;
    return keep(new constructor(buffer, value.byteOffset, length));
  }
  if (value instanceof Map) {
    const copy = keep(new Map());
    for (const [key, item] of Array.from(value)) copy.set(clone(key, made), clone(item, made));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    for (const item of Array.from(value)) copy.add(clone(item, made));
    return copy;
  }
  if (value instanceof Error) {
    const copy = keep(new (errors[value.name] ?? Error)(value.message));
    if ("cause" in value) copy.cause = clone(value.cause, made);
    copy.stack = value.stack ?? "";
    return copy;
  }
  if (
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof WeakRef ||
    value instanceof Promise
  ) {
    refuse(value);
  }
  const copy = keep((Array.isArray(value) ? emptyArray(value.length) : {}) as Record<string, unknown>);
  for (const key of Object.keys(value)) copy[key] = clone((value as Record<string, unknown>)[key], made);
  return copy;
}
