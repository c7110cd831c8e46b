// node:path of POSIX.
import { cwd } from "../process.js";

export const isAbsolute = (path: string): boolean => path.startsWith("/");

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!isAbsolute(path)) parts.push(part);
  }
  const inside = parts.length === 0 && !isAbsolute(path) ? "." : parts.join("/");
  const end = path.endsWith("/") && inside !== "" ? "/" : "";
  return `${isAbsolute(path) ? "/" : ""}${inside}${end}`;
}

export const join = (...parts: readonly string[]): string =>
  normalize(parts.filter((part) => part !== "").join("/"));

export function resolve(...parts: readonly string[]): string {
  const from = parts.findLastIndex(isAbsolute);
  const path = [...(from < 0 ? [cwd()] : []), ...parts.slice(Math.max(0, from))].join("/");
  return normalize(path).replace(/(?!^)\/$/, "");
}

export function dirname(path: string): string {
  const folder = /^(.*)\/[^/]+\/*$/s.exec(path)?.[1];
  if (folder === "/" && path.startsWith("//")) return "//";
  if (folder === undefined) return isAbsolute(path) ? "/" : ".";
  return folder === "" ? "/" : folder;
}

export const basename = (path: string): string => /([^/]*)\/*$/s.exec(path)?.[1] ?? "";

export const posix = { isAbsolute, join, resolve, dirname, basename } as const;
