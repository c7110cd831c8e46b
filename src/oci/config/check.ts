// Checks a bundle's config.json against the table of its fields: the first that is wrong is named. Fields that are not
// in the table are no error, as the specification has it.
import { Solo5Error } from "../../bytes/error.js";
import { printable } from "../../bytes/text.js";
import { configFields, type ConfigField, type FieldType } from "./fields.js";
import type { Config, Resources } from "./types.js";

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isListOf = (value: unknown, is: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(is);
const isText = (value: unknown): boolean => typeof value === "string" && !value.includes("\0");
const isInteger = (value: unknown): boolean => typeof value === "number" && Number.isInteger(value);

const types: Readonly<Record<FieldType, readonly [name: string, is: (value: unknown) => boolean]>> = {
  string: ["a string", isText],
  strings: ["a list of strings", (value) => isListOf(value, isText)],
  boolean: ["true or false", (value) => typeof value === "boolean"],
  integer: ["an integer", isInteger],
  integers: ["a list of integers", (value) => isListOf(value, isInteger)],
  object: ["an object", isObject],
  texts: ["an object of strings", (value) => isObject(value) && Object.values(value).every(isText)],
  list: ["a list of objects", (value) => isListOf(value, isObject)],
  any: ["anything", () => true],
};

/** What is wrong with a bundle: `config.json: FIELD: REASON`. */
export const configError = (field: string, reason: string): Solo5Error =>
  new Solo5Error("CONFIG", `config.json: ${field}: ${printable(reason)}`);

/** The bundle's configuration. Throws Solo5Error `CONFIG`. */
export function checkConfig(text: string): Config {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new Solo5Error("CONFIG", `config.json: ${printable((cause as Error).message)}`, { cause });
  }
  if (!isObject(parsed)) throw new Solo5Error("CONFIG", "config.json: must be an object");
  for (const [path, field] of Object.entries(configFields)) checkField(parsed, path.split("."), "", field);
  const config = parsed as unknown as Config;
  checkMeaning(config);
  return withoutNulls(config) as Config;
}

const resources = "linux.resources.";

/** What `linux.resources` may be, alone. Throws Solo5Error `CONFIG`. */
export function checkResources(parsed: unknown): Resources {
  if (!isObject(parsed)) throw configError("linux.resources", "must be an object");
  for (const [path, field] of Object.entries(configFields))
    if (path.startsWith(resources))
      checkField(parsed, path.slice(resources.length).split("."), "linux.resources", field);
  return withoutNulls(parsed) as Resources;
}

/** Checks the field wherever the objects that it is in are there: `a[]` stands for every entry of a list. */
function checkField(
  parent: Json,
  [key = "", ...rest]: readonly string[],
  at: string,
  field: ConfigField,
): void {
  const name = key.replace("[]", "");
  const value = Object.hasOwn(parent, name) ? parent[name] : undefined;
  const path = at === "" ? name : `${at}.${name}`;
  if (rest.length === 0) {
    if (value === undefined || value === null) {
      if (field.isRequired === true) throw configError(path, "is missing");
      return;
    }
    const [description, is] = types[field.type];
    if (!is(value)) throw configError(path, `must be ${description}`);
    if (field.effect === "refused" && !isEmpty(value)) throw configError(path, `is refused: ${field.why}`);
    return;
  }
  if (Array.isArray(value)) {
    value.forEach((entry, i) => isObject(entry) && checkField(entry, rest, `${path}[${i}]`, field));
  } else if (isObject(value)) checkField(value, rest, path, field);
}

const isEmpty = (value: unknown): boolean =>
  value === false || value === "" || (typeof value === "object" && Object.keys(value ?? {}).length === 0);

/** null is as good as absent: Go's encoders write it for empty lists. */
const withoutNulls = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(withoutNulls)
    : isObject(value)
      ? Object.fromEntries(
          Object.entries(value).flatMap(([key, one]) => (one === null ? [] : [[key, withoutNulls(one)]])),
        )
      : value;

function checkMeaning({ ociVersion, process, root, linux }: Config): void {
  if (!/^1\.\d+\.\d+/.test(ociVersion)) throw configError("ociVersion", `${ociVersion} is not 1.x`);
  if (!process.cwd.startsWith("/")) throw configError("process.cwd", "must be an absolute path");
  if (process.args.length === 0) throw configError("process.args", "is empty");
  if (root.path === "") throw configError("root.path", "is empty");
  const seen = new Set<string>();
  for (const [i, { type }] of (linux?.namespaces ?? []).entries()) {
    if (seen.has(type)) throw configError(`linux.namespaces[${i}].type`, `${type} is given twice`);
    seen.add(type);
  }
}
