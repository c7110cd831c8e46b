// Headers: WHATWG Fetch 5.1, over RFC 9110's field names and values.

export type HeadersInit = Headers | Record<string, string> | Iterable<readonly [string, string]>;

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Names by what they were written as: programs have few. */
const known = new Map<string, string>();
const knownMost = 64;

function checkName(name: string): string {
  const found = known.get(name);
  if (found !== undefined) return found;
  const checked = checkNewName(name);
  if (known.size >= knownMost) known.clear();
  if (name.length <= 64) known.set(name, checked);
  return checked;
}

function checkNewName(name: string): string {
  if (!token.test(name)) throw new TypeError(`'${name}' is no name of a header`);
  return name.toLowerCase();
}

const plainValue = /^[!-~](?:[ -~]*[!-~])?$/;

function checkValue(value: unknown): string {
  if (typeof value === "string" && plainValue.test(value)) return value;
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (/[\0\r\n]/.test(text)) throw new TypeError("a header's value has a line break");
  return text;
}

export class Headers {
  /** Values by lower-case name; what is given several times stays apart for Set-Cookie alone. */
  readonly #values = new Map<string, string>();
  readonly #cookies: string[] = [];

  constructor(init?: HeadersInit) {
    if (init === undefined || init === null) return;
    if (init instanceof Headers) {
      for (const [name, value] of init.#values) this.#values.set(name, value);
      this.#cookies.push(...init.#cookies);
      return;
    }
    const pairs = Symbol.iterator in init ? init : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }

  append(name: string, value: string): void {
    const key = checkName(name);
    const text = checkValue(value);
    if (key === "set-cookie") this.#cookies.push(text);
    else {
      const before = this.#values.get(key);
      this.#values.set(key, before === undefined ? text : `${before}, ${text}`);
    }
  }

  delete(name: string): void {
    const key = checkName(name);
    if (key === "set-cookie") this.#cookies.length = 0;
    else this.#values.delete(key);
  }

  get(name: string): string | null {
    const key = checkName(name);
    if (key === "set-cookie") return this.#cookies.length === 0 ? null : this.#cookies.join(", ");
    return this.#values.get(key) ?? null;
  }

  getSetCookie(): string[] {
    return [...this.#cookies];
  }

  has(name: string): boolean {
    const key = checkName(name);
    return key === "set-cookie" ? this.#cookies.length > 0 : this.#values.has(key);
  }

  set(name: string, value: string): void {
    const key = checkName(name);
    if (key !== "set-cookie") this.#values.set(key, checkValue(value));
    else this.#cookies.splice(0, this.#cookies.length, checkValue(value));
  }

  forEach(call: (value: string, name: string, headers: Headers) => void): void {
    for (const [name, value] of this) call(value, name, this);
  }

  *entries(): IterableIterator<[string, string]> {
    const names = [...this.#values.keys(), ...(this.#cookies.length > 0 ? ["set-cookie"] : [])].toSorted();
    for (const name of names) {
      if (name === "set-cookie") for (const cookie of this.#cookies) yield [name, cookie];
      else yield [name, this.#values.get(name) ?? ""];
    }
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}

/** The lines of a message's head, without the order that iteration has. */
export function headLines(headers: Headers): string {
  let out = "";
  headers.forEach((value, name) => {
    out += `${name}: ${value}\r\n`;
  });
  return out;
}
