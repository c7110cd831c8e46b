// The package as others install it: a lock file for every platform, commands that exist, no addresses of a registry.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { faults, limits, packed, readManifest } from "../build/check.js";
import { execute } from "./command.js";
import { projectRoot } from "./project.js";

interface Locked {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const read = (file: string): unknown => JSON.parse(readFileSync(join(projectRoot, file), "utf8"));
const lock = read("package-lock.json") as { packages: Readonly<Record<string, Locked>> };
const manifest = read("package.json") as {
  bin: Readonly<Record<string, string>>;
  exports: Readonly<Record<string, string | { types: string; default: string }>>;
};

test("the lock file knows the packages of every platform", () => {
  const wanted = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies),
  );
  assert.ok(wanted.length > 20);
  assert.deepEqual(
    wanted.filter((name) => lock.packages[`node_modules/${name}`] === undefined),
    [],
  );
});

test("the lock file names no registry", () => {
  assert.deepEqual(
    Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined),
    [],
  );
});

test("every command is there and begins with its interpreter", () => {
  for (const [name, file] of Object.entries(manifest.bin)) {
    const path = join(projectRoot, file);
    assert.ok(existsSync(path), `${name}: ${file}`);
    const interpreter = file.endsWith(".sh") ? "/bin/sh" : "/usr/bin/env node";
    assert.ok(readFileSync(path, "utf8").startsWith(`#!${interpreter}\n`), file);
  }
});

test("a run loads few files, and a small program nothing large", () => {
  const folder = join(projectRoot, "dist/bundle/node");
  const sizes = (file: string, found = new Map<string, number>()): ReadonlyMap<string, number> => {
    if (found.has(file)) return found;
    const text = readFileSync(join(folder, file), "utf8");
    found.set(file, text.length);
    for (const [, to = ""] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) sizes(to, found);
    return found;
  };
  const first = (name: string) => readdirSync(folder).find((file) => file.startsWith(name)) ?? name;
  const limits: Readonly<Record<string, readonly [files: number, bytes: number]>> = {
    "run-": [7, 400_000],
    "solo5-hvt-": [7, 400_000],
    "vcpu-thread.js": [6, 250_000],
    "seal-": [5, 130_000],
    "solo5-elftool-": [3, 60_000],
    "toolchain.js": [4, 60_000],
    "poll-worker.js": [1, 20_000],
    "companion-worker.js": [1, 1000],
  };
  for (const [name, [files, bytes]] of Object.entries(limits)) {
    const loaded = sizes(first(name));
    const total = [...loaded.values()].reduce((sum, size) => sum + size, 0);
    assert.ok(
      loaded.size <= files && total <= bytes,
      `${name}: ${total} bytes, ${[...loaded.keys()].join(" ")}`,
    );
  }
});

test("what would be packed is whole, and small", () => {
  assert.deepEqual(faults(packed(), readManifest()), []);
});

test("what is missing, too large or nobody's is found", () => {
  const { unpackedSize, files } = packed();
  const without = files.filter(({ path }) => path !== "dist/bundle/browser.js");
  const more = { path: "dist/src/a.test.js", size: 1 };
  const found = faults(
    { unpackedSize: unpackedSize + limits.package, files: [...without, more] },
    readManifest(),
  );
  assert.equal(found.length, 3, found.join("\n"));
});

test("what is imported by name is there, with its types", () => {
  for (const [name, one] of Object.entries(manifest.exports)) {
    if (typeof one === "string") continue;
    const { types, default: module } = one;
    for (const file of [types, module]) assert.ok(existsSync(join(projectRoot, file)), `${name}: ${file}`);
  }
});

test("importing the browser's interface keeps no process alive", async () => {
  const file = join(projectRoot, "dist/bundle/browser.js");
  const { status, stderr } = await execute(process.execPath, [file], { timeoutMsecs: 20_000 });
  assert.deepEqual([status, stderr], [0, ""]);
});
