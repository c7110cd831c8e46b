// src/ip uses ECMAScript and nothing else: it type-checks without any library of a host, and a world of two stacks runs in a
// realm that has no global but those of the language.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { buildSync } from "esbuild";
import { execute } from "../command.js";
import { projectRoot } from "../project.js";

const bundle = (entry: string, minify: boolean): string => {
  const built = buildSync({ entryPoints: [join(projectRoot, entry)], bundle: true, minify, format: "iife", globalName: "ip", write: false, target: "es2023" }); // prettier-ignore
  return built.outputFiles[0]?.text ?? "";
};

test("src/ip type-checks with ECMAScript 2023 alone", async () => {
  const files = readdirSync(join(projectRoot, "src/ip"), { recursive: true, encoding: "utf8" });
  const sources = files.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")).map((name) => join("src/ip", name)); // prettier-ignore
  const options = ["--ignoreConfig", "--noEmit", "--target", "es2023", "--lib", "es2023", "--types", "", "--module", "nodenext", "--strict"]; // prettier-ignore
  const { stdout, status } = await execute(process.execPath, [join(projectRoot, "node_modules/typescript/bin/tsc"), ...options, ...sources], { cwd: projectRoot }); // prettier-ignore
  assert.equal(stdout, "");
  assert.equal(status, 0);
});

test("src/ip has no BigInt and no asynchronous machinery in its core", () => {
  for (const folder of ["src/ip", "src/ip/tcp"])
    for (const name of readdirSync(join(projectRoot, folder)).filter(
      (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
    ))
      assert.doesNotMatch(
        readFileSync(join(projectRoot, folder, name), "utf8"),
        /\bBigInt|\b\d+n\b|\bPromise\b|\basync\b/,
        name,
      );
});

test("connections run in a realm that has the language and nothing else", () => {
  const context = createContext(Object.create(null) as object, {
    codeGeneration: { strings: false, wasm: false },
  });
  runInContext(`${bundle("dist/test/ip/in-realm.js", false)}; globalThis.result = ip.result;`, context);
  assert.deepEqual(
    { ...(runInContext("result", context) as object) },
    { received: 200_000, wrong: 0, errors: 0 },
  );
});

test("src/ip is small: 40 KB minified and compressed", () => {
  const text = bundle("dist/src/ip/index.js", true);
  const sizes = { gzip: gzipSync(text, { level: 9 }).length, brotli: brotliCompressSync(text).length };
  assert.ok(sizes.gzip < 40_000, JSON.stringify(sizes));
});
