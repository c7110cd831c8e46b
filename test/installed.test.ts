// The package as a stranger has it: packed, installed into an empty folder, and used from there: its commands, its
// interface under the strictest of TypeScript's settings, and a page from a bundle.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { readManifest } from "../build/check.js";
import { execute, type Outcome } from "./command.js";
import { needs, needsAll } from "./needs.js";
import { projectRoot } from "./project.js";

const skip = needsAll(needs.installing(), needs.x8664Linux());
const folder = mkdtempSync(join(tmpdir(), "solo5-installed-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);

/** Runs a command there; it must succeed. */
async function run(program: string, ...args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, PATH: `${join(folder, "node_modules/.bin")}:${process.env["PATH"]}` };
  const outcome = await execute(program, args, { cwd: folder, env, timeoutMsecs: 120_000 });
  assert.equal(outcome.status, 0, `${program} ${args.join(" ")}\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

before(async () => {
  if (skip !== false) return;
  write("package.json", `{ "type": "module", "private": true }\n`);
  const packed = await execute("npm", ["pack", "--ignore-scripts", `--pack-destination=${folder}`], {
    cwd: projectRoot,
  });
  assert.equal(packed.status, 0, packed.stderr);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  await run("npm", "install", "--no-audit", "--no-fund", `./${tarball}`);
});

test("every command is there, and the README's first one shows something", { skip }, async () => {
  const there = readdirSync(join(folder, "node_modules/.bin"));
  for (const name of Object.keys(readManifest().bin)) assert.ok(there.includes(name), name);
  const [, first = ""] =
    /```sh\n(npm install solo5)\n(npx [^#\n]*)/
      .exec(readFileSync(join(projectRoot, "README.md"), "utf8"))
      ?.slice(1) ?? assert.fail("the README begins with npm install and a command");
  const { stdout } = await run("sh", "-c", first);
  assert.match(stdout, /A unikernel says hello/);
});

test(
  "a unikernel is compiled, sealed and run with the installed commands",
  { skip: needsAll(skip, needs.program("gcc")) },
  async () => {
    await run("solo5", "install-prefix", "prefix");
    write("manifest.json", `{ "type": "solo5.manifest", "version": 1, "devices": [] }`);
    const [, source = ""] =
      /```c\n([^]*?)```/.exec(readFileSync(join(projectRoot, "README.md"), "utf8")) ?? [];
    write("hello.c", source);
    await run("solo5-elftool", "gen-manifest", "manifest.json", "manifest.c");
    for (const cc of [
      "x86_64-solo5-none-static-cc",
      join(folder, "prefix/bin/x86_64-solo5-none-static-cc"),
    ]) {
      for (const target of ["spt", "hvt"])
        await run(
          "env",
          "SOLO5_CC=gcc",
          cc,
          "-z",
          `solo5-abi=${target}`,
          "hello.c",
          "manifest.c",
          "-o",
          `hello.${target}`,
        );
      assert.match((await run("solo5-spt", "hello.spt")).stdout, /^Hello$/m);
      assert.match((await run("solo5", "run", "--engine=wasm", "hello.hvt")).stdout, /^Hello$/m);
      await run("solo5", "seal", "hello.spt", "-o", "hello");
      assert.match((await run("./hello")).stdout, /^Hello$/m);
    }
  },
);

/** What a program of somebody else's does with the interface; `unikernel` gives one that answers pings. */
const program = (from: string, unikernel: string): string => `
import { attach, createPeer, createSegment, open, run, Solo5Error } from "${from}";
import type { Console, Exit, NetDevice, Plan, Running, Unikernel } from "${from}";

const unikernel: Unikernel = ${unikernel};
const segment = createSegment();
const device: NetDevice = segment.port();
const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
const plan: Plan = attach(unikernel, { memMiB: 64, net: { service0: { source: { kind: "device", device } } } });
try {
  attach(unikernel);
} catch (error) {
  if (!(error instanceof Solo5Error)) throw error;
}
const console: Console = { write() {} };
await using running: Running = run(plan, { engine: "wasm", console });
const answer: number | undefined = await peer.ping("10.0.0.2", { timeoutMsecs: 5000 });
if (answer === undefined) throw new Error("no answer");
running.stop();
const { status }: Exit = await running.exited;
if (status !== 137) throw new Error("ended otherwise");
`;

const compiler = {
  strict: true,
  module: "nodenext",
  moduleResolution: "nodenext",
  target: "es2023",
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  outDir: "out",
};

/** Compiles `file`, and gives it as a program without types; Node 20 has no `await using`. */
async function compile(file: string, options: Readonly<Record<string, unknown>>): Promise<void> {
  write(
    "tsconfig.json",
    JSON.stringify({ compilerOptions: { ...compiler, ...options }, files: [`${file}.mts`] }),
  );
  await run(process.execPath, join(projectRoot, "node_modules/typescript/bin/tsc"), "-p", ".");
  await build({
    absWorkingDir: folder,
    entryPoints: [`${file}.mts`],
    outfile: `${file}.mjs`,
    bundle: file === "page",
    splitting: false,
    target: "node20",
    format: "esm",
    logLevel: "warning",
  });
}
const nodeTypes = { types: ["node"], typeRoots: [join(projectRoot, "node_modules/@types")] };
const pageTypes = { types: [], lib: ["es2023", "esnext.disposable", "dom"] };

test("the interface of Node, under strict nodenext", { skip }, async () => {
  const unikernel = 'open("node_modules/solo5/dist/guest/demo/web.spt")';
  write("app.mts", program("solo5", unikernel));
  // With Node's declarations, and with a page's alone: neither asks for the other's.
  for (const types of [nodeTypes, pageTypes]) await compile("app", types);
  await run(process.execPath, "app.mjs");
});

test("a page's bundle", { skip }, async () => {
  const unikernel = "open(new Uint8Array(await (await fetch(address)).arrayBuffer()))";
  const address = `data:;base64,${readFileSync(join(folder, "node_modules/solo5/dist/guest/demo/web.hvt"), "base64")}`;
  write(
    "page.mts",
    `const address: string = "${address}";
${program("solo5/browser", unikernel)}`,
  );
  await compile("page", pageTypes);
  // A page has no packages: all that it runs is in the bundle.
  rmSync(join(folder, "node_modules"), { recursive: true });
  await run(process.execPath, "page.mjs");
});
