// Any WebAssembly as a unikernel: WASI as Node has it; AssemblyScript; what imports something else is refused.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findCompiler } from "../../src/toolchain/compiler.js";
import { execute, solo5 } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";
import { build, filesFolder, programs, workFolder } from "./build.js";

const skip = needs.x8664Linux();
const folder = workFolder();
const at = (name: string): string => join(folder, name);

function compileWasi(): string {
  const [zig = ""] = findCompiler("x86-64").cc;
  const flags = ["--target=wasm32-unknown-unknown", "-O2", "-nostdlib", "-ffreestanding", "-w", "-c"];
  execFileSync(zig, ["clang", ...flags, join(programs, "wasi.c"), "-o", at("wasi.o")]);
  execFileSync(zig, ["wasm-ld", at("wasi.o"), "--export=_start", "--export-memory", "-o", at("wasi.wasm")]);
  return at("wasi.wasm");
}

const witness = `
import { WASI } from "node:wasi";
import { readFileSync } from "node:fs";
const [wasm, files, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: ["unikernel", ...args], env: { GREETING: "hello" }, preopens: { "/": files } });
const { instance } = await WebAssembly.instantiate(readFileSync(wasm), wasi.getImportObject());
process.exitCode = wasi.start(instance);
`;

test("WASI as Node has it, sealed and on other targets", { skip }, async () => {
  const wasm = compileWasi();
  writeFileSync(at("witness.mjs"), witness);
  const node = await execute(process.execPath, [
    "--no-warnings",
    at("witness.mjs"),
    wasm,
    filesFolder,
    "a",
    "b",
  ]);
  assert.equal(node.status, 42, node.stderr);
  const options = ["--files", filesFolder, "--env=GREETING=hello"];
  const sealed = await build(wasm, ...options, "-o", at("wasi"), "--", "a", "b");
  assert.equal(sealed.status, 0, sealed.stderr);
  assert.deepEqual(await execute(at("wasi")), { ...node, stderr: "" });
  const built = await build(wasm, ...options, "--target=hvt", "-o", at("wasi.hvt"));
  assert.equal(built.status, 0, built.stderr);
  const words = ["--mem=64", at("wasi.hvt"), "--solo5:quiet", "a", "b"];
  assert.equal((await solo5("solo5", ["run", "--engine=wasm", ...words])).stdout, node.stdout);
});

test("AssemblyScript by its own compiler", { skip: needsAll(skip, needs.installing()) }, async () => {
  copyFileSync(join(projectRoot, "examples/sieve.as.ts"), at("sieve.as.ts"));
  writeFileSync(at("package.json"), "{}");
  const npm = ["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "assemblyscript@0.28"];
  assert.equal((await execute("npm", npm, { cwd: folder })).status, 0);
  const { status, stderr } = await build(at("sieve.as.ts"), "-o", at("sieve"));
  assert.equal(status, 0, stderr);
  // The prime-counting function at 5,000,000.
  assert.equal((await execute(at("sieve"))).stdout, "348513 primes up to 5,000,000\n");
  writeFileSync(at("bad.as.ts"), "let a: i32 = nothing;\n");
  const bad = await build(at("bad.as.ts"), "-o", at("bad"));
  assert.match(bad.stderr, /Cannot find name 'nothing'/);
  assert.equal(bad.status, 1);
});

test("what a unikernel has not is refused in one line", { skip }, async () => {
  // (import "x" "y" (func)); then a memory that nobody gives.
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0];
  const modules: readonly (readonly [readonly number[], RegExp])[] = [
    [
      [...header, 2, 7, 1, 1, 120, 1, 121, 0, 0],
      /^solo5: .*m\.wasm: imports x\.y, which nobody has: WASI preview 1/,
    ],
    [
      [...header, 2, 8, 1, 1, 120, 1, 121, 2, 0, 1],
      /^solo5: .*m\.wasm: imports x\.y, which nobody has: only functions/,
    ],
    [[1, 2, 3], /^solo5: .*m\.wasm: not a WebAssembly module: /],
  ];
  for (const [bytes, message] of modules) {
    writeFileSync(at("m.wasm"), Uint8Array.from(bytes));
    const { status, stderr } = await build(at("m.wasm"), "-o", at("m"));
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
    assert.equal(status, 1);
  }
});
