// The manifest as people write it, in JSON, and the two documents that solo5-elftool prints. docs/abi.md 6.3.
import {
  deviceNameMax,
  deviceType,
  mftMaxEntries,
  mftVersion,
  type DeviceType,
  type TargetName,
} from "../abi/notes.js";
import { Solo5Error } from "../bytes/error.js";
import { printable } from "../bytes/text.js";
import { parseJson, type Json } from "./json.js";

/** A device as declared, before it has a handle. */
export interface Declaration {
  readonly name: string;
  readonly type: DeviceType;
}

const manifestType = "solo5.manifest";
const abiType = "solo5.abi";
/** The reserved first entry is not written in JSON. */
const maxDevices = mftMaxEntries - 1;

type Members = ReadonlyMap<string, Json>;

/** Reads manifest JSON; `name` is what messages call it. Throws Solo5Error `BAD_MANIFEST` or `BAD_JSON`. */
export function parseManifest(text: string, name: string): readonly Declaration[] {
  const fail = (line: number, what: string): Solo5Error =>
    new Solo5Error("BAD_MANIFEST", `${name}:${line}: ${printable(what)}`);
  const checkType = <T extends Json["type"]>(
    value: Json,
    type: T,
    where: string,
  ): Extract<Json, { type: T }> => {
    if (value.type !== type) throw fail(value.line, `${where}: expected ${type}, got ${value.type}`);
    return value as Extract<Json, { type: T }>;
  };
  const checkKeys = (value: Json, members: Members, where: string, known: readonly string[]): void => {
    const key = [...members.keys()].find((candidate) => !known.includes(candidate));
    if (key !== undefined) throw fail(members.get(key)?.line ?? value.line, `${where}: unknown key: ${key}`);
  };

  const root = checkType(parseJson(text), "OBJECT", "(root)");
  checkKeys(root, root.members, "(root)", ["type", "version", "devices"]);
  const type = root.members.get("type");
  if (type === undefined) throw fail(root.line, "missing .type");
  if (checkType(type, "STRING", ".type").value !== manifestType) {
    throw fail(type.line, `.type: invalid value, expected "${manifestType}"`);
  }
  const version = root.members.get("version");
  if (version === undefined) throw fail(root.line, "missing .version");
  const number = checkType(version, "INTEGER", ".version").value;
  if (number !== BigInt(mftVersion))
    throw fail(version.line, `.version: invalid version ${number}, expected ${mftVersion}`);
  const devices = root.members.get("devices");
  if (devices === undefined) throw fail(root.line, "missing .devices[]");
  const { items } = checkType(devices, "ARRAY", ".devices");
  if (items.length > maxDevices)
    throw fail(devices.line, `.devices[]: too many entries, maximum ${maxDevices}`);

  const names = new Set<string>();
  return items.map((item) => {
    const where = ".devices[...]";
    const { members } = checkType(item, "OBJECT", where);
    checkKeys(item, members, where, ["name", "type"]);
    const member = (key: string): Extract<Json, { type: "STRING" }> => {
      const value = members.get(key);
      if (value === undefined) throw fail(item.line, `${where}: missing .${key}`);
      if (value.type !== "STRING") throw fail(value.line, `${where}: expected STRING, got ${value.type}`);
      return value;
    };
    const { value: device, line } = member("name");
    if (device === "") throw fail(line, `${where}: .name may not be empty`);
    if (!/^[A-Za-z0-9]+$/.test(device)) throw fail(line, `${where}: name is not alphanumeric`);
    if (device.length > deviceNameMax) throw fail(line, `${where}: name too long`);
    if (names.has(device)) throw fail(line, `${where}: name ${device} is declared twice`);
    names.add(device);
    const kind = member("type");
    if (!Object.hasOwn(deviceType, kind.value)) {
      throw fail(
        kind.line,
        `${where}: unknown type: ${kind.value}, expected ${Object.keys(deviceType).join(" or ")}`,
      );
    }
    return { name: device, type: kind.value as DeviceType };
  });
}

const quote = (text: string): string => JSON.stringify(text);

/** What `query-manifest` prints; also what `parseManifest` reads. */
export function manifestJson(devices: readonly Declaration[]): string {
  const rows = devices.map(({ name, type }) => `    { "name": ${quote(name)}, "type": ${quote(type)} }`);
  const list = `[\n${rows.join(",\n")}${rows.length === 0 ? "" : "\n"}  ]`;
  return `{\n  "type": ${quote(manifestType)},\n  "version": ${mftVersion},\n  "devices": ${list}\n}\n`;
}

/** What `query-abi` prints. */
export const abiJson = ({ target, version }: { target: TargetName; version: number }): string =>
  `{\n  "type": ${quote(abiType)},\n  "target": ${quote(target)},\n  "version": ${version}\n}\n`;
