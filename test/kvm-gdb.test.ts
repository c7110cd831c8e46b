// gdb and guests of this machine's /dev/kvm, as far as it goes: the sessions of the documentation, and what they do not show.
// The rigs have a gdb on a whole CPU, and on aarch64.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { dirname } from "node:path";
import { test } from "node:test";
import { encodePacket } from "../src/debug/gdb/packet.js";
import { commandFile, selfTest, solo5 } from "./command.js";
import { needs, needsAll } from "./needs.js";
import { freePort, runSession, sessionsOf } from "./session.js";

const skip = needsAll(needs.kvm(), needs.x8664Linux(), needs.program("gdb"));
const onKvm = ["--engine=kvm"] as const;
const folder = dirname(selfTest("test_hello.hvt"));

const page = "docs/debugging.md";
for (const session of sessionsOf(page)) {
  const [title = ""] = session.lines;
  if (!title.startsWith("$ solo5-hvt-debug --gdb")) continue;
  const skipSession = needsAll(skip, title.includes("fpu") && needs.hardwareKvm());
  test(`kvm ${page}:${session.line} ${title}`, { skip: skipSession }, () =>
    runSession(session, folder, onKvm),
  );
}

const run = (kernel: string, ...lines: readonly string[]) =>
  runSession(
    {
      line: 0,
      lines: [
        `$ solo5-hvt-debug --gdb --mem=16 ${kernel} &`,
        `$ gdb ${kernel}`,
        "(gdb) target remote :1234",
        ...lines,
      ],
    },
    folder,
    onKvm,
  );

test("kvm: an endless loop is interrupted, and ended by kill", { skip }, () =>
  run(
    "test_hello.hvt",
    "(gdb) set {unsigned short}solo5_app_main = 0xfeeb",
    "(gdb) continue",
    "^C",
    "Program received signal SIGINT, Interrupt.",
    "solo5_app_main (…",
    "(gdb) kill",
    "[Inferior 1 (Remote target) killed]",
  ),
);

test(
  "kvm: a wait is interrupted, steps and finish work inside calls, and the guest goes on alone",
  { skip },
  () =>
    run(
      "test_time.hvt",
      "(gdb) continue",
      "^C",
      "Program received signal SIGINT, Interrupt.",
      "(gdb) backtrace",
      "#… solo5_yield (…) at …",
      "#… solo5_app_main (…) at …",
      "(gdb) finish",
      "(gdb) tbreak solo5_clock_monotonic",
      "(gdb) continue",
      "Temporary breakpoint 1…, solo5_clock_monotonic () at …",
      "(gdb) finish",
      "Value returned is $1 = …",
      "(gdb) detach",
      "[Inferior 1 (Remote target) detached]",
    ),
);

test("kvm: breakpoints do not show in memory; what the CPU cannot watch is an error", { skip }, () =>
  run(
    "test_globals.hvt",
    "(gdb) break solo5_app_main",
    "(gdb) print *(unsigned char *)solo5_app_main != 0xf4",
    "$1 = 1",
    "(gdb) continue",
    "Breakpoint 1, solo5_app_main (…) at …",
    "(gdb) print *(unsigned char *)$pc != 0xf4",
    "$2 = 1",
    "(gdb) break *0xfffffffff000",
    "(gdb) continue",
    "Cannot access memory at address 0xfffffffff000",
    "(gdb) delete 2",
    "(gdb) set $xmm7.v4_int32[2] = 9",
    "(gdb) print $xmm7.v4_int32",
    "$3 = {0, 0, 9, 0}",
    "(gdb) set $st0 = 1.5",
    "(gdb) print $st0",
    "$4 = 1.5",
    // More watchpoints than the CPU has registers, and wider ones.
    ...[0, 1].map((i) => `(gdb) watch in_data[${i}]`),
    ...[1, 2, 3, 4].map((i) => `(gdb) watch in_bss[sizeof in_bss - ${i}]`),
    "(gdb) continue",
    "Hardware watchpoint …: in_…",
    "(gdb) kill",
    "[Inferior 1 (Remote target) killed]",
  ),
);

test("kvm: an address that nobody can listen on is an error at once", { skip }, async () => {
  const port = await freePort();
  const where = `--gdb-port=192.0.2.1:${port}`;
  const outcome = await solo5("solo5-hvt-debug", [...onKvm, "--gdb", where, selfTest("test_hello.hvt")]);
  assert.equal(outcome.stderr, `solo5-hvt-debug: gdb: cannot listen on 192.0.2.1:${port}: Cannot assign requested address\n`); // prettier-ignore
  assert.equal(outcome.status, 1);
});

/** Starts the tender on a guest that loops; `speak` is what a debugger of few words does. Ends it with SIGTERM. */
async function terminated(speak?: (socket: Socket) => Promise<void>): Promise<void> {
  const port = await freePort();
  const args = [commandFile("solo5-hvt-debug"), ...onKvm, "--gdb", `--gdb-port=${port}`, "--mem=16", selfTest("test_hello.hvt")]; // prettier-ignore
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 30_000, killSignal: "SIGKILL" }); // prettier-ignore
  let said = "";
  child.stderr.on("data", (data: Uint8Array) => (said += new TextDecoder().decode(data)));
  const ended = once(child, "close");
  await once(child.stderr, "data");
  if (speak !== undefined) {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    await speak(socket);
  }
  child.kill("SIGTERM");
  const [status] = (await ended) as [number];
  assert.match(said, /waiting for a debugger at .*\nsolo5-hvt-debug: Exiting on signal 15\n$/);
  assert.equal(status, 1);
}

/** What comes next; rejects where the connection ends instead, also without an error. */
const received = (socket: Socket): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const ended = () => reject(new Error("the connection has ended"));
    if (socket.destroyed) return ended();
    socket.once("error", reject).once("close", ended);
    socket.once("data", (data) => {
      socket.off("error", reject).off("close", ended);
      resolve(data);
    });
  });

/** One command, and its answer. */
async function ask(socket: Socket, data: string): Promise<string> {
  socket.write(encodePacket(data));
  let answer = "";
  while (!/\$.*#../.test(answer)) answer += new TextDecoder().decode(await received(socket));
  return answer;
}

const loop = async (socket: Socket): Promise<void> => {
  const pc = 16 * 16;
  const registers = /\$(\w+)#/.exec(await ask(socket, "g"))?.[1] ?? "";
  const at = Buffer.from(registers.slice(pc, pc + 16), "hex")
    .readBigUInt64LE()
    .toString(16);
  assert.match(await ask(socket, `M${at},2:ebfe`), /OK/);
  socket.write(encodePacket("vCont;c"));
};

test("kvm: SIGTERM ends a guest that no debugger has come for", { skip }, () => terminated());
test("kvm: SIGTERM ends a guest that runs under a debugger", { skip }, () => terminated(loop));
test("kvm: a debugger that vanishes leaves a guest that the next one stops", { skip }, () =>
  terminated(async (socket) => {
    await loop(socket);
    const { remotePort = 0 } = socket;
    socket.resetAndDestroy();
    await once(socket, "close");
    const comeBack = async (): Promise<string> => {
      const next = connect(remotePort, "127.0.0.1");
      try {
        await once(next, "connect");
        return await ask(next, "?");
      } catch {
        // The server has not heard of the first one's end yet, and takes one at a time.
        return await comeBack();
      } finally {
        next.destroy();
      }
    };
    assert.match(await comeBack(), /\$T02thread:1;#/);
  }),
);
