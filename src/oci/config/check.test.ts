// Bundles that are wrong in each field, one line each; what is refused; what is without effect.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkConfig } from "./check.js";
import { configFields, type ConfigField, type FieldType } from "./fields.js";

type Json = Record<string, unknown>;

/** A value of the type, as good as any. */
const good: Readonly<Record<FieldType, unknown>> = {
  string: "/",
  strings: ["a"],
  boolean: true,
  integer: 1,
  integers: [1],
  object: { x: 1 },
  texts: { a: "b" },
  list: [{ x: 1 }],
  any: { x: 1 },
};
/** Values of no such type. */
const bad: Readonly<Record<FieldType, readonly unknown[]>> = {
  string: [1, [], {}, "a\0b"],
  strings: ["a", [1], {}],
  boolean: ["true", 1],
  integer: ["1", 1.5, []],
  integers: [1, ["1"]],
  object: [[], "a", 1],
  texts: [{ a: 1 }, []],
  list: [{}, "a", [1]],
  any: [],
};

const minimal = (): Json => ({
  ociVersion: "1.0.2",
  root: { path: "rootfs" },
  process: { args: ["/a"], cwd: "/" },
});

/** A configuration with `value` at `path`, all that is required around it. */
function configWith(path: string, value: unknown): Json {
  const config = minimal();
  let at: Json = config;
  const keys = path.split(".");
  keys.forEach((key, i) => {
    const name = key.replace("[]", "");
    const here = keys.slice(0, i + 1).join(".");
    if (i === keys.length - 1) at[name] = value;
    else if (key.endsWith("[]")) {
      const entry: Json = {};
      for (const [other, field] of Object.entries(configFields)) {
        const [, own] = other.startsWith(`${here}.`) ? [0, other.slice(here.length + 1)] : [];
        if (own !== undefined && /^\w+$/.test(own) && field.isRequired === true)
          entry[own] = good[field.type];
      }
      at[name] = [entry];
      at = entry;
    } else at = (at[name] ??= {}) as Json;
  });
  return config;
}

const rows = Object.entries(configFields);
const check = (config: Json): unknown => checkConfig(JSON.stringify(config));
const named = (path: string): string => path.replaceAll("[]", "[0]");

test("a field of the wrong type is named, with what it must be", () => {
  for (const [path, { type }] of rows)
    for (const value of bad[type])
      assert.throws(
        () => check(configWith(path, value)),
        (error: Error) => {
          assert.ok(
            error.message.startsWith(`config.json: ${named(path)}: must be `),
            `${path}: ${error.message}`,
          );
          assert.ok(!error.message.includes("\n"));
          return true;
        },
        path,
      );
});

const withEffect = (wanted: ConfigField["effect"]) => rows.filter(([, { effect }]) => effect === wanted);

test("what is refused is refused where it asks for something, and only there", () => {
  for (const [path, { type, why }] of withEffect("refused")) {
    assert.throws(() => check(configWith(path, good[type])), {
      message: `config.json: ${named(path)}: is refused: ${why}`,
    });
    const empty = { object: {}, list: [], string: "" }[type as "object"];
    check(configWith(path, empty));
    check(configWith(path, null));
  }
});

test("what is without effect is taken", () => {
  for (const [path, { type }] of withEffect("none")) check(configWith(path, good[type]));
});

test("what must be there is missed", () => {
  for (const [path, { isRequired }] of rows) {
    if (isRequired !== true) continue;
    assert.throws(() => check(configWith(path, undefined)), {
      message: `config.json: ${named(path)}: is missing`,
    });
  }
});

test("null is as good as absent, and what is not known is no error", () => {
  for (const [path, { isRequired }] of rows) if (isRequired !== true) check(configWith(path, null));
  check({ ...minimal(), later: { version: 2 } });
});

test("values that mean nothing", () => {
  for (const [path, value, reason] of [
    ["ociVersion", "2.0.0", "2.0.0 is not 1.x"],
    ["process.cwd", "relative", "must be an absolute path"],
    ["process.args", [], "is empty"],
    ["root.path", "", "is empty"],
  ] as const)
    assert.throws(() => check(configWith(path, value)), { message: `config.json: ${path}: ${reason}` });
  const twice = { namespaces: [{ type: "uts" }, { type: "uts" }] };
  assert.throws(() => check({ ...minimal(), linux: twice }), {
    message: "config.json: linux.namespaces[1].type: uts is given twice",
  });
  for (const text of ["", "{", "[]", "1", "null"])
    assert.throws(() => checkConfig(text), /^Solo5Error: config\.json: /);
});
