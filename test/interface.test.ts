// The interface means the same in Node and in a page, whose module runs in Node as well; its declarations are complete; and
// docs/api.md says what they say.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { apiDocument, exportsOf } from "../build/api.js";
import * as page from "../src/browser/index.js";
import * as node from "../src/index.js";
import { execute, selfTest } from "./command.js";
import { needs } from "./needs.js";
import { projectRoot } from "./project.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = { skip: needs.x8664Linux() };

type Start = (name: string, options?: page.RunOptions, attach?: page.AttachOptions) => page.Running;
const inNode =
  (engine: node.EngineName): Start =>
  (name, options, attach) =>
    node.run(node.attach(node.open(selfTest(name)), { memMiB: 16, ...attach }), {
      engine,
      cache: false,
      ...options,
    });
const inPage: Start = (name, options, attach) =>
  page.run(page.attach(page.open(readFileSync(selfTest(name))), { memMiB: 16, ...attach }), {
    cache: false,
    ...options,
  });
const hosts = { native: inNode("native"), wasm: inNode("wasm"), page: inPage } as const;

for (const [host, start] of Object.entries(hosts)) {
  test(`${host}: output as a stream, beside a console, and the end`, skip, async () => {
    const running = start("test_hello.spt");
    const streamed = await text(running.output);
    assert.match(streamed, /Hello, World[^]*SUCCESS\n/);
    assert.deepEqual(await running.exited, { status: 0 });

    let written = "";
    const both = start("test_hello.spt", {
      console: { write: (data) => void (written += new TextDecoder().decode(data)) },
    });
    assert.equal(await text(both.output), written);
    assert.equal((await both.exited).status, 0);
    assert.equal(await text(start("test_hello.spt", { console: { write() {} } }).output), written);
  });

  test(
    `${host}: stopped by stop, by a signal of the user's, by an AbortSignal, by the end of a scope`,
    skip,
    async () => {
      const console = { write() {} };
      const begun = (running: page.Running): Promise<unknown> => running.output.getReader().read();
      const stopped = start("test_time.spt", { console });
      await begun(stopped);
      stopped.stop();
      assert.equal((await stopped.exited).status, 137);

      const interrupted = start("test_time.spt", { console });
      await begun(interrupted);
      interrupted.signal("SIGINT");
      assert.equal((await interrupted.exited).status, 130);

      const controller = new AbortController();
      const aborted = start("test_time.spt", { console, signal: controller.signal });
      await begun(aborted);
      controller.abort();
      assert.equal((await aborted.exited).status, 137);
      assert.equal(
        (await start("test_time.spt", { console, signal: AbortSignal.abort() }).exited).status,
        137,
      );

      let scoped: page.Running;
      {
        await using inside = start("test_time.spt", { console });
        scoped = inside;
      }
      assert.equal((await scoped.exited).status, 137);
      assert.equal(scoped.memSize, 16 << 20);
    },
  );
}

test("a virtual machine tells of signals; what it says is data, and nothing is printed", skip, async () => {
  for (const start of [hosts.wasm, hosts.page]) {
    const running = start("test_time.hvt", { console: { write() {} } });
    await running.output.getReader().read();
    running.signal("SIGTERM");
    assert.deepEqual(await running.exited, { status: 1, message: "Exiting on signal 15" });
    const trapped = start("test_xnow.hvt", { console: { write() {} } });
    const { status, message } = await trapped.exited;
    assert.equal(status, 1);
    assert.match(message ?? "", /host\/guest translation fault/);
  }
});

test("an engine that a host does not have is refused", () => {
  for (const engine of ["native", "kvm"] as const)
    assert.throws(() => inPage("test_hello.spt", { engine }), { name: "Solo5Error", code: "ENGINE" });
});

test("a page seals what Node seals, and it runs", skip, async () => {
  const options = { memMiB: 16, isSealed: true };
  const file = selfTest("test_hello.spt");
  const sealed = node.seal(node.attach(node.open(file), options));
  assert.deepEqual(page.seal(page.attach(page.open(readFileSync(file), file), options)), sealed);
  const path = join(folder, "hello");
  writeFileSync(path, sealed, { mode: 0o755 });
  assert.match((await execute(path)).stdout, /SUCCESS/);
});

test("what both have is called the same", () => {
  const missing = Object.keys(page).filter((name) => !Object.hasOwn(node, name));
  assert.deepEqual(missing, []);
});

/** Of TypeScript and of every host. */
const common =
  /^(?:Readonly|Record|Partial|Pick|Omit|Promise|Uint8Array|Error|ErrorOptions|ReadableStream|AbortSignal|Symbol|Map|Set|ReadonlyMap|ReadonlySet|ArrayBufferLike)$/;

for (const module of ["index.d.ts", "browser/index.d.ts"]) {
  test(`${module}: every type that a signature needs is exported, and all is documented`, () => {
    const all = exportsOf(module);
    const names = new Set(all.map(({ name }) => name));
    /** Names under which a file's own types are passed on. */
    const aliases = new Map([
      ["Ended", "Exit"],
      ["NodeRunOptions", "RunOptions"],
    ]);
    const signatures = (declaration: string): string =>
      declaration.replaceAll(/\/\*\*[^]*?\*\/|"[^"\n]*"/g, "");
    const missing = all.flatMap(({ name, declaration }) => {
      const used = new Set(signatures(declaration).match(/(?<![.\w])[A-Z]\w*[a-z]\w*\b/g));
      return [...used]
        .map((type) => aliases.get(type) ?? type)
        .filter((type) => type !== name && !common.test(type) && !names.has(type))
        .map((type) => `${name} needs ${type}`);
    });
    assert.deepEqual(missing, []);
    assert.deepEqual(
      all.filter(({ text: doc }) => doc === "").map(({ name }) => name),
      [],
    );
    assert.deepEqual(
      all
        .filter(({ declaration }) => /\bNodeJS\.|\bany\b/.test(signatures(declaration)))
        .map(({ name }) => name),
      [],
    );
  });
}

test("docs/api.md has the words of the declarations", () => {
  const lines = (text: string): readonly string[] => text.split("\n");
  const written = new Set(lines(readFileSync(join(projectRoot, "docs/api.md"), "utf8")));
  assert.deepEqual(
    lines(apiDocument()).filter((line) => !written.has(line)),
    [],
    "npm run build -- api writes what is missing",
  );
});
