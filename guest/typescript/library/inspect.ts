// How console shows values: close to Node's util.inspect, two levels deep.

const quoted = (text: string): string =>
  text.includes("'") && !text.includes('"')
    ? JSON.stringify(text)
    : `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

const isName = (key: string): boolean => /^[A-Za-z_$][\w$]*$/.test(key);
const widest = 71;

export function inspect(value: unknown, depth = 2): string {
  return show(value, depth, new Set(), "");
}

function show(value: unknown, depth: number, open: Set<object>, indent: string): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function": {
      // Sources are not kept; a class is what has a prototype that cannot be replaced.
      const isClass = Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;
      const name = value.name === "" ? "(anonymous)" : value.name;
      return isClass ? `[class ${name}]` : `[Function${value.name === "" ? " " : ": "}${name}]`;
    }
    case "object":
      return value === null ? "null" : showObject(value, depth, open, indent);
    default:
      return String(value);
  }
}

function constructorName(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return "[Object: null prototype]";
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "Object";
}

function showObject(value: object, depth: number, open: Set<object>, indent: string): string {
  if (open.has(value)) return "[Circular *1]";
  const name = constructorName(value);
  if (value instanceof Error) return showError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (depth < 0) return Array.isArray(value) ? "[Array]" : `[${name}]`;
  open.add(value);
  const inner = `${indent}  `;
  const one = (item: unknown): string => show(item, depth - 1, open, inner);
  const property = (key: PropertyKey): string => {
    const { get, set, value: item } = Object.getOwnPropertyDescriptor(value, key) ?? {};
    const shown = get !== undefined ? (set === undefined ? "[Getter]" : "[Getter/Setter]") : one(item);
    if (typeof key === "symbol") return `[${String(key)}]: ${shown}`;
    return `${isName(String(key)) ? String(key) : quoted(String(key))}: ${shown}`;
  };
  const keys = Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
  const named = (isIndexed: boolean) =>
    keys.filter((key) => !isIndexed || typeof key === "symbol" || !/^\d+$/.test(key)).map(property);
  let result: string;
  if (Array.isArray(value)) {
    const items = value.slice(0, 100).map(one);
    if (value.length > 100) items.push(`... ${value.length - 100} more items`);
    result = brackets(
      name === "Array" ? "" : `${name}(${value.length}) `,
      "[]",
      [...items, ...named(true)],
      indent,
    );
  } else if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const array = value as Uint8Array;
    const items = Array.from(array.subarray(0, 100), String);
    if (array.length > 100) items.push(`... ${array.length - 100} more items`);
    result = brackets(`${name}(${array.length}) `, "[]", items, indent);
  } else if (value instanceof Map) {
    const items = [...value].map(([key, item]) => `${one(key)} => ${one(item)}`);
    result = brackets(`${name}(${value.size}) `, "{}", [...items, ...named(false)], indent);
  } else if (value instanceof Set) {
    result = brackets(`${name}(${value.size}) `, "{}", [...[...value].map(one), ...named(false)], indent);
  } else if (value instanceof Promise) {
    result = "Promise {}";
  } else {
    const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
    const tagged = typeof tag === "string" && tag !== name ? `${name} [${tag}] ` : `${name} `;
    result = brackets(tagged === "Object " ? "" : tagged, "{}", named(false), indent);
  }
  open.delete(value);
  return result;
}

function brackets(head: string, pair: string, items: readonly string[], indent: string): string {
  const [open = "", close = ""] = pair;
  if (items.length === 0) return `${head}${open}${close}`;
  const line = `${head}${open} ${items.join(", ")} ${close}`;
  if (line.length + indent.length <= widest && !line.includes("\n")) return line;
  return `${head}${open}\n${items.map((item) => `${indent}  ${item}`).join(",\n")}\n${indent}${close}`;
}

/** Its stack with what it is in front; the causes behind. */
export function showError(error: Error): string {
  const { stack, cause } = error as { stack?: unknown; cause?: unknown };
  const head = error.message === "" ? error.name : `${error.name}: ${error.message}`;
  const trace = typeof stack === "string" ? stack.trimEnd() : "";
  const own = trace === "" ? head : `${head}\n${trace}`;
  return cause === undefined
    ? own
    : `${own}\n  [cause]: ${cause instanceof Error ? showError(cause) : inspect(cause)}`;
}

/** Arguments of console's functions: formats of the first, as far as it is text, then the rest. */
export function format(args: readonly unknown[]): string {
  let next = 1;
  const [first] = args;
  const shown = (value: unknown): string => (typeof value === "string" ? value : inspect(value));
  const head =
    typeof first !== "string"
      ? args.length === 0
        ? ""
        : inspect(first)
      : first.replaceAll(/%[sdifoOjc%]/g, (code) => {
          if (code === "%%") return args.length > 1 ? "%" : code;
          if (next >= args.length) return code;
          const value = args[next++];
          switch (code) {
            case "%s":
              return typeof value === "object"
                ? inspect(value, 0)
                : shown(typeof value === "bigint" ? `${value}n` : value);
            case "%d":
              return typeof value === "bigint" ? `${value}n` : String(Number(value));
            case "%i":
              return String(Number.parseInt(String(value), 10));
            case "%f":
              return String(Number.parseFloat(String(value)));
            case "%j":
              return JSON.stringify(value) ?? "undefined";
            case "%c":
              return "";
            default:
              return inspect(value, 4);
          }
        });
  return [head, ...args.slice(next).map(shown)].join(" ");
}
