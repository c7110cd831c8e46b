// What stands for Node's functions in a program without Node, against Node's own: the same on the same files, the same errors.
import assert from "node:assert/strict";
import * as nodeFs from "node:fs";
import { constants } from "node:os";
import { tmpdir } from "node:os";
import * as nodePath from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { encodeText } from "../../bytes/text.js";
import { Buffer as OwnBuffer } from "./buffer.js";
import * as fs from "./node/fs.js";
import { constants as own } from "./node/os.js";
import * as path from "./node/path.js";
import { process as ownProcess } from "./process.js";

const isLinux = process.platform === "linux";
const skip = isLinux ? false : "Linux's system calls";

test("paths", { skip }, () => {
  const word = fc.constantFrom("a", "b.c", "..", ".", "", "/", "//", "x y");
  const text = fc.array(word, { maxLength: 6 }).map((words) => words.join("/"));
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(path.join(a, b), nodePath.join(a, b));
      assert.equal(path.resolve(a, b), nodePath.resolve(a, b));
      assert.equal(path.dirname(a), nodePath.dirname(a));
      assert.equal(path.basename(a), nodePath.basename(a));
      assert.equal(path.isAbsolute(a), nodePath.isAbsolute(a));
    }),
    { numRuns: 2000 },
  );
});

test("signals", { skip }, () => {
  for (const [name, number] of Object.entries(constants.signals))
    assert.equal(own.signals[name], number, name);
});

test("bytes and text", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (data, text) => {
      for (const encoding of ["latin1", "utf8"] as const)
        assert.equal(new OwnBuffer(data).toString(encoding), Buffer.from(data).toString(encoding));
      assert.deepEqual([...OwnBuffer.from(text)], [...encodeText(text)]);
      const parts = [data, data.subarray(1)];
      assert.ok(Buffer.concat(parts).equals(OwnBuffer.concat(parts)));
    }),
  );
});

const folder = nodeFs.mkdtempSync(nodePath.join(tmpdir(), "solo5-script-"));
after(() => nodeFs.rmSync(folder, { recursive: true, force: true }));

type Functions = Pick<typeof nodeFs, "readFileSync" | "mkdirSync" | "rmSync" | "readdirSync" | "existsSync" | "statSync" | "accessSync" | "renameSync" | "writeFileSync" | "appendFileSync" | "readlinkSync" | "realpathSync" | "rmdirSync" | "openSync" | "closeSync" | "chmodSync">; // prettier-ignore

/** What a function gives, or the error's code and number. */
function outcome(work: () => unknown): unknown {
  try {
    const value = work();
    return value instanceof Uint8Array ? [...value] : value;
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    return { code, errno };
  }
}

test("files, and what goes wrong with them", { skip }, () => {
  const results = [nodeFs, fs as unknown as Functions].map((f, i) => {
    const home = nodePath.join(folder, String(i));
    const at = (name: string): string => nodePath.join(home, name);
    nodeFs.mkdirSync(home);
    nodeFs.symlinkSync("a/b", at("link"));
    nodeFs.symlinkSync("loop", at("loop"));
    const mode = (name: string): number => nodeFs.statSync(at(name)).mode;
    const stat = (name: string): unknown => {
      const found = f.statSync(at(name), { throwIfNoEntry: false });
      return found === undefined ? found : [found.isFile(), found.isDirectory(), found.uid, found.isFile() && found.size];
    };
    const steps: readonly (() => unknown)[] = [
      () => f.mkdirSync(at("a/b")),
      () => void f.mkdirSync(at("a/b"), { recursive: true, mode: 0o700 }),
      () => void f.mkdirSync(at("a/b"), { recursive: true }),
      () => [mode("a"), mode("a/b")],
      () => f.writeFileSync(at("a/b/file"), "text\u00e4", { mode: 0o600 }),
      () => f.appendFileSync(at("a/b/file"), "more"),
      () => f.writeFileSync(at("a/b/file"), "", { flag: "wx" }),
      () => f.chmodSync(at("a/b/file"), 0o640),
      () => mode("a/b/file"),
      () => f.readFileSync(at("a/b/file"), "latin1").replace(/[^\w]+/g, ""),
      () => f.readFileSync("/proc/self/status", "latin1").slice(0, 5),
      () => f.readFileSync(at("none")),
      () => f.readFileSync(at("a")),
      () => f.readFileSync(at("loop")),
      () => f.readdirSync(at("a/b")),
      () => f.readdirSync(at("a/b/file")),
      () => f.existsSync(at("link/file")),
      () => f.existsSync(at("loop")),
      // Below a file there is nothing to Node 24, and an error to Node 20.
      ...["a", "a/b/file", "none", "link"].map((name) => () => stat(name)),
      () => f.accessSync(at("none"), 2),
      () => f.accessSync(at("a"), 7),
      () => f.readlinkSync(at("link")),
      () => f.readlinkSync(at("a")),
      () => f.realpathSync(at("link/../b/file")).slice(home.length),
      () => f.realpathSync(at("none")),
      () => f.renameSync(at("none"), at("other")),
      () => f.renameSync(at("a/b/file"), at("moved")),
      () => f.rmdirSync(at("a")),
      () => f.rmSync(at("none")),
      () => f.rmSync(at("none"), { force: true }),
      () => f.rmSync(at("link"), { recursive: true }),
      () => f.rmSync(at("a"), { recursive: true, force: true }),
      () => f.readdirSync(home).toSorted(),
      () => f.closeSync(12_345),
      () => f.openSync(at("x/y"), "w"),
      () => f.openSync(at("moved"), nodeFs.constants.O_DIRECTORY),
    ];
    return steps.map(outcome);
  });
  assert.deepEqual(results[1], results[0]);
}); // prettier-ignore

test("the process", { skip }, () => {
  assert.equal(ownProcess.pid, process.pid);
  assert.equal(ownProcess.geteuid(), process.geteuid?.());
  assert.equal(ownProcess.cwd(), process.cwd());
  assert.deepEqual(ownProcess.argv.slice(-1), process.argv.slice(-1));
  assert.equal(ownProcess.env["PATH"], process.env["PATH"]);
});
