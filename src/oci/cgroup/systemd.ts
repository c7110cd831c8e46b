// A container's cgroup made by systemd: a transient scope with its process, asked for through busctl(1). org.freedesktop.systemd1(5),
// "StartTransientUnit"; systemd.resource-control(5).
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemErrorMessage } from "../../host/any/system-error.js";
import { configError } from "../config/check.js";
import type { Resources } from "../config/types.js";
import { hierarchies, isUnifiedOnly } from "./hierarchies.js";
import { limitProperties, type Property } from "./properties.js";

/** How long systemd may take to start a scope. */
const patienceMsecs = 10_000;

interface Scope {
  readonly name: string;
  readonly slice: string;
}

/** A container's: whether it is of the user's systemd. */
export interface OwnScope {
  readonly name: string;
  readonly isUser: boolean;
}

/** What SLICE:PREFIX:NAME means, or nothing: the default is system.slice, or the user's own. */
export function scopeOf(cgroupsPath: string, id: string, isUser: boolean): Scope {
  const usual = isUser ? "user.slice" : "system.slice";
  if (cgroupsPath === "") return { name: `solo5-${id}.scope`, slice: usual };
  const [slice = "", prefix = "", name, more] = cgroupsPath.split(":");
  if (name === undefined || more !== undefined || name === "" || !/^([\w.@\\-]+\.slice|)$/.test(slice))
    throw configError(
      "linux.cgroupsPath",
      `${cgroupsPath} is not SLICE:PREFIX:NAME, as --systemd-cgroup has it`,
    );
  return { name: prefix === "" ? `${name}.scope` : `${prefix}-${name}.scope`, slice: slice || usual };
}

/** busctl's arguments for a call of systemd's. */
const request = (isUser: boolean, method: string, ...args: readonly string[]): readonly string[] => [
  ...(isUser ? ["--user"] : []),
  "--quiet",
  "call",
  "org.freedesktop.systemd1",
  "/org/freedesktop/systemd1",
  "org.freedesktop.systemd1.Manager",
  method,
  ...args,
];
const listed = (all: readonly Property[]): readonly string[] => [String(all.length), ...all.flat()];

/** Those for a scope of the process `pid`. */
export function scopeRequest(
  { name, slice }: Scope,
  pid: number,
  resources: Resources,
  isUser: boolean,
): readonly string[] {
  const all: readonly Property[] = [
    ["Description", "s", "solo5-oci container"],
    ["PIDs", "au", "1", String(pid)],
    ["Slice", "s", slice],
    // What is below it, and its files, are the runtime's.
    ["Delegate", "b", "true"],
    ["DefaultDependencies", "b", "false"],
    ["CollectMode", "s", "inactive-or-failed"],
    ...limitProperties(resources),
  ];
  return request(isUser, "StartTransientUnit", "ssa(sv)a(sa(sv))", name, "replace", ...listed(all), "0");
}

/** What systemd has against it, or nothing. */
function ask(args: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync("busctl", args, { encoding: "utf8" });
  if (error === undefined && status === 0) return undefined;
  return error === undefined ? stderr.trim() : `busctl: ${systemErrorMessage(error)}`;
}

/** Tells systemd of a scope's other limits, until the machine's end. Throws Solo5Error. */
export function updateScope({ name, isUser }: OwnScope, resources: Resources): void {
  const all = limitProperties(resources);
  if (all.length === 0) return;
  const reason = ask(request(isUser, "SetUnitProperties", "sba(sv)", name, "true", ...listed(all)));
  if (reason !== undefined)
    throw configError("linux.resources", `systemd does not change ${name}: ${reason}`);
}

/** Puts the process into a scope of its own; its folders then, in the hierarchies that systemd uses. Throws Solo5Error. */
export function enterScope(
  scope: Scope,
  pid: number,
  resources: Resources,
  isUser: boolean,
): readonly string[] {
  const reason = ask(scopeRequest(scope, pid, resources, isUser));
  if (reason !== undefined)
    throw configError("linux.cgroupsPath", `systemd does not make ${scope.name}: ${reason}`);
  const end = Date.now() + patienceMsecs;
  for (;;) {
    const folders = foldersOf(pid, scope.name);
    if (folders.length > 0) return folders;
    if (Date.now() > end) throw configError("linux.cgroupsPath", `systemd has not started ${scope.name}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  }
}

/** Where the process is in the scope; systemd has a hierarchy of its own on hosts with version 1, and the controllers that it uses. */
function foldersOf(pid: number, name: string): readonly string[] {
  const rows = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  return rows.flatMap((row) => {
    const [, names = "", path = ""] = /^\d+:([^:]*):(.*)$/s.exec(row) ?? [];
    if (!path.endsWith(`/${name}`)) return [];
    const home = hierarchies().find(({ controllers, isUnified }) =>
      isUnified ? names === "" : names.split(",").some((one) => controllers.includes(one)),
    );
    return home === undefined ? [] : [join(home.folder, path)];
  });
}

/** The file that freezes what is in them. */
export function freezerIn(folders: readonly string[]): string | undefined {
  if (isUnifiedOnly(hierarchies())) return join(folders[0] ?? "", "cgroup.freeze");
  const folder = folders.find((one) => one.includes("/freezer/"));
  return folder === undefined ? undefined : join(folder, "freezer.state");
}
