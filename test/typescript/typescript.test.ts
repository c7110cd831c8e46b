// Programs in TypeScript as unikernels: what they find is what Node gives them, on every target; how they end; what the build says.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { bundler } from "../../src/typescript/esbuild.js";
import { attach, createPeer, createSegment, open, run } from "../../src/index.js";
import { execute, solo5 } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";
import { runSession } from "../session.js";
import { build, filesFolder, needsRunners, printed, program, programs, workFolder } from "./build.js";

const skip = needsRunners;
const folder = workFolder();
const at = (name: string): string => join(folder, name);

async function sealed(name: string, ...options: readonly string[]): Promise<string> {
  const output = at(`${name}-${Math.random()}`);
  const { status, stderr } = await build(program(name), "-o", output, ...options);
  assert.equal(status, 0, stderr);
  return output;
}

for (const name of ["web", "forms"]) {
  test(`the web's standards as Node has them: ${name}`, { skip }, async () => {
    const js = execFileSync(bundler(), [program(name), "--format=esm", "--target=es2023"], {
      encoding: "utf8",
    });
    writeFileSync(at(`${name}.mjs`), js);
    const witness = await execute(process.execPath, [at(`${name}.mjs`)]);
    assert.equal(witness.status, 0, witness.stderr);
    const { stdout, status } = await execute(await sealed(name));
    assert.deepEqual(stdout.split("\n"), witness.stdout.split("\n"));
    assert.equal(status, 0);
  });
}

const everywhere = ["--files", filesFolder, "--env", "GREETING=hello"];

test("the same on every target, and sealed", { skip }, async () => {
  const file = await sealed("everywhere", ...everywhere, "--", "one", "two");
  const { stdout, status } = await execute(file);
  assert.equal(stdout, printed);
  assert.equal(status, 1);
  for (const target of ["spt", "hvt", "virtio"] as const) {
    const unikernel = at(`everywhere.${target}`);
    const built = await build(program("everywhere"), ...everywhere, `--target=${target}`, "-o", unikernel);
    assert.equal(built.status, 0, built.stderr);
    const words = ["--mem=64", unikernel, "--solo5:quiet", "one", "two"];
    const onEngine = await solo5("solo5", ["run", "--engine=wasm", ...words]);
    assert.equal(onEngine.stdout.replaceAll("\r\n", "\n"), printed, onEngine.stderr);
    assert.equal(onEngine.status, target === "virtio" ? onEngine.status : 1);
    if (target !== "spt") continue;
    const natively = await solo5("solo5-spt", words);
    assert.equal(natively.stdout, printed);
  }
});

test(
  "under QEMU, and under gdb with the runner's C",
  { skip: needsAll(skip, needs.program("qemu-system-x86_64", "gdb")) },
  async () => {
    const made = async (target: string): Promise<string> => {
      const file = at(`elsewhere.${target}`);
      const { status, stderr } = await build(
        program("everywhere"),
        ...everywhere,
        `--target=${target}`,
        "-o",
        file,
      );
      assert.equal(status, 0, stderr);
      return file;
    };
    const words = ["-q", "-H", "qemu", "-m", "64", await made("virtio"), "--", "--solo5:quiet", "one", "two"];
    const { stdout } = await solo5("solo5-virtio-run", words);
    assert.ok(stdout.replaceAll("\r", "").includes(printed), stdout);
    const kernel = await made("hvt");
    await runSession(
      {
        line: 0,
        lines: [
          `$ solo5-hvt-debug --engine=wasm --gdb --mem=64 ${kernel} one two &`,
          `$ gdb ${kernel}`,
          "(gdb) target remote :1234",
          "(gdb) break host if id == HOST_CONSOLE_WRITE",
          "(gdb) continue",
          "(gdb) backtrace 1",
          "#0  host (id=HOST_CONSOLE_WRITE, …) at …guest/typescript/runner.c:…",
          "(gdb) list solo5_app_main,+1",
          "…runner_image.magic != RUNNER_MAGIC…",
          "(gdb) kill",
        ],
      },
      projectRoot,
    );
  },
);

test("a server is sealed into 1.5 MB at most, what needs no network into less", { skip }, async () => {
  const size = async (text: string, ...options: readonly string[]): Promise<number> => {
    writeFileSync(at("size.ts"), text);
    const { status, stderr } = await build(at("size.ts"), "-o", at("size"), ...options);
    assert.equal(status, 0, stderr);
    return statSync(at("size")).size;
  };
  const server = 'import { serve } from "solo5:http";\nserve(() => new Response("hello"));\n';
  const sizes = [await size(server, "--net:service=tap0"), await size('console.log("hello");\n')];
  assert.ok((sizes[0] ?? 0) <= 1_500_000 && (sizes[1] ?? 0) <= 1_250_000, sizes.join());
});

test("identical programs give identical files", { skip }, async () => {
  const files: Buffer[] = [];
  for (let i = 0; i < 2; i++) {
    const { status, stderr } = await build(program("start"), "-o", at("same"));
    assert.equal(status, 0, stderr);
    files.push(readFileSync(at("same")));
  }
  const [a, b] = files;
  assert.ok(a !== undefined && b !== undefined && a.equals(b));
});

test("the build evaluates what it can, and every start draws anew", { skip }, async () => {
  const output = at("start");
  const { stderr } = await build(program("start"), "--verbose", "-o", output);
  assert.equal(stderr, "solo5: 4 statements ran at build time, the next one needs randomBytes\n");
  const starts: Record<string, unknown>[] = [];
  for (let i = 0; i < 2; i++) {
    starts.push(JSON.parse((await execute(output)).stdout) as Record<string, unknown>);
  }
  const [first = {}, second = {}] = starts;
  for (const key of ["id", "random"]) assert.notEqual(first[key], second[key], key);
  for (const one of starts) {
    const { starts: count, sum, key, now } = one;
    assert.deepEqual({ count, sum, key }, { count: 2, sum: 1000, key: 1 });
    assert.ok(Math.abs(Number(now) - Date.now()) < 60_000);
  }
});

test("an uncaught error ends the program with a trace in the lines of the source", { skip }, async () => {
  const { stdout, status } = await execute(await sealed("uncaught"));
  const place = (file: string, text: string): RegExp => {
    const lines = readFileSync(program(file), "utf8").split("\n");
    const line = lines.findIndex((each) => each.includes(text)) + 1;
    return new RegExp(`test/typescript/programs/${file}\\.ts:${line}:\\d+`);
  };
  assert.match(stdout, /^begun\nUncaught: RangeError: cannot: deep\n/);
  const trace = stdout.split("\n").slice(2);
  assert.match(trace[0] ?? "", place("fails", "throw new RangeError"));
  assert.match(trace[1] ?? "", place("fails", "return inner(what)"));
  assert.match(trace[2] ?? "", place("uncaught", 'fail("deep")'));
  assert.match(stdout, /\[cause\]: Error: cause\n/);
  assert.doesNotMatch(stdout, /not reached|<solo5>|<program>/);
  assert.equal(status, 1);
});

test(
  "a rejection that nobody handles ends the program; one that is handled later does not",
  { skip },
  async () => {
    const { stdout, status } = await execute(await sealed("rejection"));
    assert.match(
      stdout,
      /^begun\ncaught\nUnhandled rejection: TypeError: nobody waits for this\n {4}at work .*rejection\.ts:7:\d+/,
    );
    assert.doesNotMatch(stdout, /not reached/);
    assert.equal(status, 1);
  },
);

test("too deep and too large are errors of the program", { skip }, async () => {
  const all = await execute(await sealed("limits", "--mem=64"));
  const lines = all.stdout.trimEnd().split("\n");
  assert.equal(lines.at(-1), "still here 1000", all.stdout);
  assert.deepEqual(
    lines.filter((line) => !/ true$|^still here/.test(line)),
    [],
  );
  const exit = await execute(await sealed("limits", "--", "exit"));
  assert.deepEqual([exit.stdout, exit.status], ["", 42]);
  const uncaught = await execute(await sealed("limits", "--mem=64", "--", "uncaught"));
  assert.match(uncaught.stdout, /out of memory/);
  assert.equal(uncaught.status, 1);
});

test("blocks stay where they were written", { skip }, async () => {
  const disk = at("disk.img");
  writeFileSync(disk, new Uint8Array(8 * 512));
  const refused = [
    "RangeError storage: 1 blocks from 8 are not in a device of 8",
    "RangeError storage: 1 blocks from -1 are not in a device of 8",
    "RangeError storage: 5 bytes are no blocks of 512",
    "",
  ];
  for (const words of [["write", "kept"], []]) {
    const file = await sealed("store", `--block:storage=${disk}`, "--", ...words);
    const { stdout } = await execute(file);
    assert.deepEqual(stdout.split("\n"), ["4096 512 kept", ...refused]);
  }
  assert.equal(
    readFileSync(disk)
      .subarray(3 * 512, 3 * 512 + 4)
      .toString(),
    "kept",
  );
});

test(
  "an archive on a block device is a tree of files, as tar made it",
  { skip: needsAll(skip, needs.program("tar")) },
  async () => {
    const tree = at("tree");
    const long = `folder/${"deep/".repeat(28)}${"name".repeat(24)}`;
    const files = {
      "top.txt": 3,
      "folder/small.txt": 5,
      "folder/empty": 0,
      "folder/large": 100_001,
      "folder/grüße 🎈": 512,
      [long]: 700,
    };
    const lines: string[] = [];
    for (const [path, size] of Object.entries(files)) {
      mkdirSync(join(tree, dirname(path)), { recursive: true });
      const content = Buffer.alloc(size, `${path} `);
      writeFileSync(join(tree, path), content);
      lines.push(`${createHash("sha256").update(content).digest("hex")} ${path}`);
    }
    const unikernel = at("archive.spt");
    const { status, stderr } = await build(program("archive"), "--target=spt", "-o", unikernel);
    assert.equal(status, 0, stderr);
    const show = async (file: string, ...options: readonly string[]): Promise<readonly string[]> => {
      const words = ["--mem=64", `--block:archive=${file}`, ...options, unikernel, "--solo5:quiet"];
      return (await solo5("solo5-spt", words)).stdout.trimEnd().split("\n");
    };
    for (const format of ["gnu", "pax", "ustar"]) {
      const file = at(`${format}.tar`);
      // Blocks may be larger than the archive's.
      execFileSync("tar", ["-C", tree, `--format=${format}`, "-b8", "-cf", file, "."]);
      const found = await show(file, "--block-sector-size:archive=4096");
      assert.deepEqual(found.slice(0, -3).toSorted(), lines.toSorted(), format);
      assert.deepEqual(found.slice(-3), ["false true", "folde", "no such file: nothing"]);
    }
    // What was added later counts.
    writeFileSync(join(tree, "top.txt"), "new");
    execFileSync("tar", ["-C", tree, "-rf", at("gnu.tar"), "./top.txt"]);
    const added = createHash("sha256").update("new").digest("hex");
    assert.ok((await show(at("gnu.tar"))).includes(`${added} top.txt`));
    truncateSync(at("ustar.tar"), 51_200);
    assert.deepEqual(await show(at("ustar.tar")), ["archive: the tar archive is cut off"]);
    writeFileSync(at("none.tar"), Buffer.alloc(512, 7));
    assert.deepEqual(await show(at("none.tar")), ["archive: there is no tar archive"]);
  },
);

test("frames come and go", { skip }, async () => {
  const file = at("frames.spt");
  const { stderr } = await build(program("frames"), "-o", file);
  assert.match(
    stderr,
    /^solo5: .*frames\.spt is an spt unikernel whose devices are not attached yet: solo5-spt --net:service=NET /,
  );
  const segment = createSegment();
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  let output = "";
  const plan = attach(open(file), {
    memMiB: 64,
    args: ["--solo5:quiet"],
    net: { service: { source: { kind: "device", device: segment.port() } } },
  });
  await using running = run(plan, {
    console: { write: (data) => void (output += new TextDecoder().decode(data)) },
  });
  // Before it has started nobody answers.
  let isRunning = true;
  const exited = running.exited.finally(() => (isRunning = false));
  while (isRunning) await Promise.race([peer.ping("10.0.0.2"), exited]);
  assert.equal((await exited).status, 0);
  assert.equal(output, "ping true 1500\nping true 1500\n");
});

test("what the build cannot do is said in one line each", { skip }, async () => {
  const refuses = async (
    name: string,
    text: string | undefined,
    message: RegExp,
    ...options: readonly string[]
  ) => {
    if (text !== undefined) writeFileSync(at(name), text);
    const { status, stderr } = await build(at(name), "-o", at("refused"), ...options);
    assert.match(stderr, message);
    assert.equal(status, 1);
  };
  await refuses("syntax.ts", "const a = 1;\nlet b = ;\n", /^solo5: .*syntax\.ts:2:9: Unexpected ";"\n$/);
  await refuses(
    "node.ts",
    'import fs from "node:fs";\nfs;\n',
    /^solo5: .*node\.ts:1:16: a unikernel has no module node:fs: use solo5:fs, or solo5:block\n$/,
  );
  await refuses(
    "tty.ts",
    'import "tty";\n',
    /^solo5: .*tty\.ts:1:8: a unikernel has no module node:tty: use a package of npm that needs none of Node's modules\n$/,
  );
  await refuses("nobody.ts", 'import "nobody";\n', /^solo5: .*nobody\.ts:1:8: Could not resolve "nobody"\n$/);
  await refuses(
    "solo.ts",
    'import "solo5:disk";\n',
    /^solo5: .*there is no module solo5:disk: solo5:block, solo5:dns, solo5:fs/,
  );
  await refuses("none.ts", undefined, /^solo5: .*none\.ts: No such file or directory\n$/);
  await refuses(
    "syntax.ts",
    undefined,
    /--target=muen: programs in TypeScript run on spt, hvt, virtio/,
    "--target=muen",
  );
  writeFileSync(at("package.json"), '{ "solo5": { "net": ["not a name"] } }');
  await refuses(
    "fine.ts",
    "export {};\n",
    /package\.json: "solo5" holds "net" and "block", lists of devices' names/,
  );
  writeFileSync(at("package.json"), '{ "solo5": { "block": ["storage"] } }');
  const late = 'import { open } from "solo5:block";\nconsole.log(1);\nopen("late");\n';
  writeFileSync(at("late.ts"), late);
  const { status, stderr } = await build(at("late.ts"), "--target=spt", "-o", at("late.spt"));
  assert.equal(status, 0, stderr);
  writeFileSync(at("disk.img"), new Uint8Array(512));
  const outcome = await solo5("solo5-spt", [
    "--mem=64",
    `--block:storage=${at("disk.img")}`,
    at("late.spt"),
    "--solo5:quiet",
  ]);
  assert.match(
    outcome.stdout,
    /^1\nUncaught: Error: the device 'late' is not declared: ask for it at the top of a module/,
  );
  assert.equal(outcome.status, 1);
});

test("the declarations fit programs", async () => {
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      target: "es2024",
      lib: ["es2024"],
      module: "esnext",
      moduleResolution: "bundler",
      noUncheckedIndexedAccess: true,
      types: [],
    },
    files: [
      ...[
        "everywhere",
        "uncaught",
        "rejection",
        "limits",
        "start",
        "store",
        "frames",
        "web",
        "forms",
        "archive",
        "server",
      ].map((name) => join(programs, `${name}.ts`)),
      join(projectRoot, "guest/typescript/types/index.d.ts"),
    ],
  };
  writeFileSync(at("tsconfig.json"), JSON.stringify(config));
  const tsc = join(projectRoot, "node_modules/.bin/tsc");
  const { stdout, status } = await execute(tsc, ["-p", at("tsconfig.json")]);
  assert.equal(status, 0, stdout);
});
