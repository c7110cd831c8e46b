// What a real gdb does with a guest beyond the sessions of the documentation.
import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { dirname } from "node:path";
import { test } from "node:test";
import { commandFile, selfTest, solo5 } from "./command.js";
import { needs } from "./needs.js";
import { freePort, runSession } from "./session.js";

const kernel = "test_hello.hvt";
const folder = dirname(selfTest(kernel));
const skip = needs.program("gdb");
const run = (...lines: readonly string[]) =>
  runSession(
    {
      line: 0,
      lines: [
        `$ solo5-hvt-debug --engine=wasm --gdb --mem=16 ${kernel} &`,
        `$ gdb ${kernel}`,
        "(gdb) target remote :1234",
        ...lines,
      ],
    },
    folder,
  );

test("an endless loop is interrupted, and ended by kill", { skip }, () =>
  run(
    // `jmp .`, where nothing has been executed yet.
    "(gdb) set {unsigned short}solo5_app_main = 0xfeeb",
    "(gdb) continue",
    "^C",
    "Program received signal SIGINT, Interrupt.",
    "solo5_app_main (…",
    "(gdb) kill",
    "[Inferior 1 (Remote target) killed]",
  ),
);

test("registers and memory can be written, breakpoints removed", { skip }, () =>
  run(
    "(gdb) break solo5_app_main",
    "(gdb) continue",
    "(gdb) set $r11 = 0x1122334455667788",
    "(gdb) print/x $r11",
    "$1 = 0x1122334455667788",
    "(gdb) set $xmm7.v4_int32[2] = 9",
    "(gdb) print $xmm7.v4_int32",
    "$2 = {0, 0, 9, 0}",
    "(gdb) set $eflags = 0x202",
    "(gdb) info registers eflags",
    "eflags         0x202               [ IF ]",
    "(gdb) print *(char *)0xfffffffff000",
    "Cannot access memory at address 0xfffffffff000",
    "(gdb) delete",
    "(gdb) tbreak *platform_exit",
    "(gdb) continue",
    "Temporary breakpoint 2, …platform_exit (…",
    "(gdb) set $rdi = 5",
    "(gdb) continue",
    "[Inferior 1 (Remote target) exited with code 05]",
  ),
);

for (const [command, file] of [
  ["solo5-hvt-debug --engine=wasm", kernel],
  ["solo5 run --engine=wasm", "test_hello.spt"],
  ["solo5 run", "test_hello.virtio"],
  ["solo5 run", "test_hello.muen"],
  ["solo5 run", "test_hello.xen"],
] as const) {
  test(`a function that gdb calls comes back: ${file}`, { skip }, () =>
    runSession(
      {
        line: 0,
        lines: [
          `$ ${command} --gdb --mem=16 ${file} &`,
          "foo",
          "SUCCESS",
          `$ gdb ${file}`,
          "(gdb) target remote :1234",
          "(gdb) break solo5_app_main",
          "(gdb) continue",
          // gdb has it return to the stack, where nothing can be executed.
          "(gdb) print solo5_clock_monotonic() != 0",
          "$1 = 1",
          "(gdb) set {unsigned}info->heap_start = 0x0a6f6f66",
          "(gdb) call solo5_console_write((char *)info->heap_start, 4)",
          "(gdb) print $pc == solo5_app_main + 4",
          "$2 = 1",
          "(gdb) continue",
          "[Inferior 1 (Remote target) exited normally]",
        ],
      },
      folder,
    ),
  );
}

test("a fault stops the guest before it is its end: it can go on elsewhere, or die of it", { skip }, () =>
  runSession(
    {
      line: 0,
      lines: [
        "$ solo5 run --engine=wasm --gdb --mem=16 test_hello.spt &",
        "SUCCESS",
        "$ gdb test_hello.spt",
        "(gdb) target remote :1234",
        "(gdb) break solo5_app_main",
        "(gdb) continue",
        "(gdb) set unwindonsignal on",
        "(gdb) print ((int (*)(void))0x10)()",
        "Program received signal SIGSEGV, Segmentation fault.",
        "(gdb) print $pc == solo5_app_main + 4",
        "$1 = 1",
        "(gdb) signal 0",
        "[Inferior 1 (Remote target) exited normally]",
        "$ solo5 run --engine=wasm --gdb --mem=16 test_zeropage.spt &",
        "$ gdb test_zeropage.spt",
        "(gdb) target remote :1234",
        "(gdb) continue",
        "Program received signal SIGSEGV, Segmentation fault.",
        "(gdb) signal 0",
        "Program received signal SIGSEGV, Segmentation fault.",
        "(gdb) continue",
        "[Inferior 1 (Remote target) exited with code 0213]",
      ],
    },
    folder,
  ),
);

for (const engine of ["wasm", "kvm"])
  test(
    `whoever takes leave is gone: ^C while stopped before it, and a connection that stays open after it: ${engine}`,
    { skip: engine === "kvm" && needs.kvm() },
    async () => {
      const port = await freePort();
      const args = [`--engine=${engine}`, "--gdb", `--gdb-port=${port}`, "--mem=16", selfTest(kernel)];
      const child = spawn(process.execPath, [commandFile("solo5-hvt-debug"), ...args], { timeout: 60_000 });
      const ended = once(child, "close");
      await once(child.stderr, "data");
      const debuggers = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      const left = once(debuggers.resume(), "end");
      // ^C to a guest that stands still, and leave in the same breath.
      debuggers.write("\x03$D#44");
      assert.deepEqual(await ended, [0, null]);
      await left;
      debuggers.destroy();
    },
  );

test("a port that is taken is an error at once", async () => {
  const port = await freePort();
  const running = solo5("solo5-hvt-debug", [
    "--engine=wasm",
    "--gdb",
    `--gdb-port=${port}`,
    selfTest(kernel),
  ]);
  let first = connect(port, "127.0.0.1");
  for (let tries = 0; tries < 100 && !first.remotePort; tries++) {
    const failed = await Promise.race([once(first, "connect").then(() => false), once(first, "error").then(() => true, () => true)]).catch(() => true); // prettier-ignore
    if (!failed) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
    first = connect(port, "127.0.0.1");
  }
  const second = await solo5("solo5-hvt-debug", [
    "--engine=wasm",
    "--gdb",
    `--gdb-port=${port}`,
    selfTest(kernel),
  ]);
  assert.equal(second.status, 1);
  assert.equal(
    second.stderr,
    `solo5-hvt-debug: gdb: cannot listen on 127.0.0.1:${port}: Address already in use\n`,
  );
  first.end("$k#6b");
  assert.equal((await running).status, 137);
});

test("only debugging tenders take --gdb, and only well-formed ports", async () => {
  const plain = await solo5("solo5-hvt", ["--gdb", selfTest(kernel)]);
  assert.match(plain.stderr, /^solo5-hvt: Invalid option: `--gdb'\n/);
  for (const options of [["--gdb", "--gdb-port=x"], ["--gdb", "--gdb-port=70000"], ["--gdb-port=:"]]) {
    const { stderr, status } = await solo5("solo5-hvt-debug", [...options, selfTest(kernel)]);
    assert.equal(stderr, "solo5-hvt-debug: Malformed argument to --gdb-port\n");
    assert.equal(status, 1);
  }
});

test("a port without --gdb does nothing", async () => {
  const { stderr, status } = await solo5("solo5-hvt-debug", [
    "--engine=wasm",
    "--gdb-port=1",
    selfTest("test_hello.hvt"),
  ]);
  assert.deepEqual([stderr, status], ["", 0]);
});

test("an address that there is not is one line", async () => {
  const args = ["--engine=wasm", "--gdb", "--gdb-port=256.1.1.1:1", selfTest(kernel)];
  const nowhere = await solo5("solo5-hvt-debug", args);
  assert.equal(
    nowhere.stderr,
    "solo5-hvt-debug: gdb: cannot listen on 256.1.1.1:1: there is no such address\n",
  );
  assert.equal(nowhere.status, 1);
});

test("an engine that cannot debug says so, and auto takes one that can", async () => {
  const spt = selfTest("test_hello.spt");
  const native = await solo5("solo5", ["run", "--engine=native", "--trace", spt]);
  assert.match(native.stderr, /engine native: it has no --trace, which the engine wasm has\n$/);
  const auto = await solo5("solo5", ["run", "--trace", "--mem=16", "--verbose", spt]);
  assert.match(auto.stderr, /engine wasm .*native: it has no --trace/);
  assert.match(auto.stderr, /exit_group\(/);
});

test("a shared object is where it was linked: genode", { skip }, () =>
  runSession(
    {
      line: 0,
      lines: [
        "$ solo5 run --engine=wasm --gdb --mem=20 test_globals.genode &",
        "SUCCESS",
        "$ gdb test_globals.genode",
        "(gdb) target remote :1234",
        "(gdb) break solo5_app_main",
        "(gdb) continue",
        "Breakpoint 1, solo5_app_main (info=0x…10) at …",
        "(gdb) print *(unsigned *)0x1000000 != 0",
        "$1 = 1",
        "(gdb) delete",
        "(gdb) continue",
        "[Inferior 1 (Remote target) exited normally]",
      ],
    },
    folder,
  ),
);
