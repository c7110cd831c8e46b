// Networks without root: real unikernels on every target behind a gateway in this process, reached through ports of the host's and
// reaching its servers. Witnesses: Node's HTTP, the kernel's sockets, tcpdump, and a client in C that knows no code of ours.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { attach, createUserNet, open, run, type UserOptions } from "../src/index.js";
import { demoFile, guestOutput } from "../src/toolchain/layout.js";
import { commandFile, execute, solo5 } from "./command.js";
import { inspect } from "./ip/tshark.js";
import { needs, needsAll } from "./needs.js";
import { projectRoot } from "./project.js";
import { buildPrograms, programFile } from "./unikernels.js";
import { userClient } from "./user/program.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needs.x8664Linux();

before(() => buildPrograms([userClient], ["spt", "hvt", "virtio"]));

/** What a program that has started says, as far as it has. */
function output(child: ChildProcess): { readonly until: (text: RegExp) => Promise<RegExpExecArray> } {
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (data: Uint8Array) => {
      text += new TextDecoder().decode(data);
      child.emit("said");
    });
  child.on("close", () => child.emit("said"));
  return {
    async until(wanted) {
      for (let found; ; await once(child, "said")) {
        if ((found = wanted.exec(text)) !== null) return found;
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${text}`);
      }
    },
  };
}

const rows = [
  { command: ["solo5-spt"], target: "spt", connections: 8 },
  { command: ["solo5", "run", "--engine=wasm"], target: "spt", connections: 2 },
  { command: ["solo5-hvt", "--engine=wasm"], target: "hvt", connections: 2 },
  { command: ["solo5", "run"], target: "virtio", connections: 1 },
] as const;
for (const { command, target, connections } of rows) {
  test(`${command.join(" ")}, ${target}: a web server behind a port of the host's`, { skip }, async () => {
    const [name, ...args] = command;
    const net = "--net:service0=user,tcp:0:80";
    const child = spawn(process.execPath, [commandFile(name), ...args, "--mem=64", net, demoFile(guestOutput, "web", target)]); // prettier-ignore
    try {
      const [, at = ""] = await output(child).until(
        /: tcp (127\.0\.0\.1:\d+) leads to port 80 of the unikernel\n/,
      );
      const script = join(projectRoot, "dist/test/web/client.js");
      const outcome = await execute(process.execPath, [script, at, `${connections}`]);
      assert.deepEqual(outcome, { stdout: "as it must be\n", stderr: "", status: 0 });
    } finally {
      child.kill("SIGKILL");
    }
  });
}

/** Servers of this host's: one that answers when it has heard everything, one that resets, one for datagrams. */
async function servers(): Promise<{
  readonly tcp: number;
  readonly resetting: number;
  readonly udp: number;
  close(): void;
}> {
  const answering = createServer({ allowHalfOpen: true }, (socket) => {
    let heard = "";
    socket.on("data", (data) => (heard += data.toString()));
    socket.on("end", () => socket.end(`heard ${heard}`));
    socket.on("error", () => {});
  });
  const resetting = createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const udp = createSocket("udp4", (data, from) => udp.send(`heard ${data}`, from.port, from.address));
  const listen = async (server: Server): Promise<number> => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  };
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  return {
    tcp: await listen(answering),
    resetting: await listen(resetting),
    udp: udp.address().port,
    close() {
      answering.close();
      resetting.close();
      udp.close();
    },
  };
}

const own = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === "IPv4" && !one.internal)?.address;

const skipCapture = needsAll(skip, needs.program("tcpdump", "tshark"));
for (const [target, engine] of [
  ["spt", "native"],
  ["spt", "wasm"],
  ["hvt", "wasm"],
  ["hvt", "kvm"],
  ["virtio", "wasm"],
] as const) {
  test(
    `a client that is told everything by the network: ${target}, ${engine}`,
    { skip: needsAll(skipCapture, engine === "kvm" && needs.kvm()) },
    async () => {
      const { tcp, resetting, udp, close } = await servers();
      const dump = join(folder, `${target}-${engine}.pcap`);
      const allowed = [tcp, resetting, udp].map((port) => `allow=127.0.0.1:${port}`).join();
      const { stdout, stderr, status } = await solo5("solo5", [
        "run",
        `--engine=${engine}`,
        "--mem=64",
        `--net:service0=user,mtu=1400,ip=10.7.0.5/16,${allowed}`,
        `--net-dump:service0=${dump}`,
        programFile(userClient, target),
        "--solo5:quiet",
        "name=localhost",
        "name=no-such-name.invalid",
        `udp=10.7.0.1:${udp}`,
        `tcp=10.7.0.1:${tcp}`,
        `tcp=10.7.0.1:${resetting}`,
        // Not allowed: another port of the host's, the same port at another of its addresses, this link's.
        `tcp=10.7.0.1:9`,
        ...(own === undefined ? [] : [`tcp=${own}:${tcp}`]),
        "tcp=169.254.169.254:80",
      ]);
      close();
      assert.equal(status, 0, stderr);
      assert.deepEqual(stdout.replaceAll("\r", "").split("\n").slice(0, -1), [
        "lease 10.7.0.5 mask 255.255.0.0 gateway 10.7.0.1 dns 10.7.0.1 mtu 1400",
        "pong",
        "127.0.0.1",
        "code 3",
        "heard ping",
        "heard ping and the end",
        "reset",
        "refused",
        "refused",
        ...(own === undefined ? [] : ["refused"]),
      ]);
      const { stdout: frames } = await execute("tcpdump", ["-nr", dump, "tcp[tcpflags] & tcp-syn != 0"]);
      assert.equal(frames.match(/Flags \[S\]/g)?.length, own === undefined ? 4 : 5);
      assert.ok((await inspect(dump)) > 20);
    },
  );
}

test("a recorded run is the same again, without a network", { skip }, async () => {
  const file = join(folder, "recording");
  const kernel = programFile(userClient, "hvt");
  const options = ["--engine=wasm", "--mem=64", `--record=${file}`, "--net:service0=user"];
  const args = ["--solo5:quiet", "name=localhost", "tcp=10.0.0.1:9"];
  const first = await solo5("solo5", ["run", ...options, kernel, ...args]);
  assert.match(first.stdout, /\n127\.0\.0\.1\nrefused\n$/, first.stderr);
  assert.equal((await solo5("solo5", ["replay", file])).stdout, first.stdout);
});

test("with restrict there is no way out but by name", { skip }, async () => {
  const { tcp, udp, close } = await servers();
  const run = (allow: string) =>
    solo5("solo5-spt", [
      `--net:service0=user,restrict${allow}`,
      programFile(userClient, "spt"),
      "--solo5:quiet",
      `tcp=10.0.0.1:${tcp}`,
      "tcp=192.0.2.1:80",
    ]);
  const lease = "lease 10.0.0.2 mask 255.255.255.0 gateway 10.0.0.1 mtu 1500\npong\n";
  assert.equal((await run("")).stdout, `${lease}refused\nrefused\n`);
  assert.equal((await run(`,allow=127.0.0.1:${tcp}`)).stdout, `${lease}heard ping and the end\nrefused\n`);
  assert.notEqual(udp, tcp);
  close();
});

const isIp6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === "::1");
/** An address at which this host listens beside the usual one. */
const other = isIp6 ? "::1" : "127.0.0.2";

/** Runs the web server in this process's care. */
function serve(options: UserOptions = {}) {
  const net = createUserNet(options);
  const plan = attach(open(demoFile(guestOutput, "web", "spt")), {
    memMiB: 64,
    net: { service0: { source: { kind: "device", device: net.device } } },
  });
  const running = run(plan, { console: { write() {} } });
  return { net, running };
}

test("ports are opened and closed while the unikernel runs", { skip }, async () => {
  const { net, running } = serve();
  const forward = { protocol: "tcp", hostPort: 0, guestPort: 80 } as const;
  const [first, second] = [await net.forward(forward), await net.forward({ ...forward, address: other })];
  // A connection for each, which no earlier one stands in for.
  const page = async (at: string): Promise<string> =>
    await (await fetch(`http://${at}/`, { headers: { connection: "close" } })).text();
  assert.equal(await page(`127.0.0.1:${first.port}`), "A unikernel says hello.\n");
  assert.equal(await page(`${isIp6 ? `[${other}]` : other}:${second.port}`), "A unikernel says hello.\n");
  await assert.rejects(net.forward({ ...forward, hostPort: first.port }), {
    code: "NET",
    message: `cannot listen on tcp 127.0.0.1:${first.port}: Address already in use`,
  });
  first.close();
  await assert.rejects(page(`127.0.0.1:${first.port}`));
  assert.equal(await page(`${isIp6 ? `[${other}]` : other}:${second.port}`), "A unikernel says hello.\n");
  // Where nobody listens, the host's client is told so.
  const nobody = await net.forward({ ...forward, guestPort: 81 });
  const socket = connect(nobody.port, "127.0.0.1");
  const [error] = await once(socket, "error");
  assert.equal((error as NodeJS.ErrnoException).code, "ECONNRESET");
  running.stop();
  await running.exited;
  net.close();
});

test("a port that is taken ends the unikernel with a line", { skip }, async () => {
  const taken = createServer();
  await once(taken.listen(0, "127.0.0.1"), "listening");
  const { port } = taken.address() as AddressInfo;
  for (const [target, engine] of [
    ["spt", "native"],
    ["hvt", "wasm"],
  ] as const) {
    const net = `--net:service0=user,tcp:${port}:80`;
    const { stderr, status } = await solo5("solo5", ["run", `--engine=${engine}`, "--mem=64", net, demoFile(guestOutput, "web", target)]); // prettier-ignore
    assert.deepEqual(
      [stderr, status],
      [`solo5: cannot listen on tcp 127.0.0.1:${port}: Address already in use\n`, 1],
    );
  }
  taken.close();
});

test(
  "--verbose has the addresses for unikernels that want them on their command line; seal has no such network",
  { skip },
  async () => {
    const net = "--net:service0=user,ip=192.168.9.0/24";
    const { stderr } = await solo5("solo5", ["run", "--verbose", net, programFile(userClient, "spt")]);
    assert.match(
      stderr,
      /^solo5: service0 is user,ip=192\.168\.9\.0\/24: --ipv4=192\.168\.9\.2\/24 --ipv4-gateway=192\.168\.9\.1$/m,
    );
    const sealed = await solo5("solo5", [
      "seal",
      net,
      programFile(userClient, "spt"),
      "-o",
      join(folder, "sealed"),
    ]);
    assert.match(
      sealed.stderr,
      /^solo5: Device 'service0' needs a host process beside the unikernel, [^\n]*\n$/,
    );
    assert.equal(sealed.status, 1);
  },
);
