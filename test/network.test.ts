// Networks of native unikernels: taps in a namespace under the kernel's own ping, and the segment of this process.
// Witnesses: ping(8), the kernel's neighbour table, tcpdump.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  attach,
  createPeer,
  createSegment,
  open,
  run,
  type NetRequest,
  type Peer,
  type Segment,
} from "../src/index.js";
import { commandFile, execute, selfTest, solo5 } from "./command.js";
import { createNamespace, type Namespace } from "./namespace.js";
import { needs, needsAll } from "./needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needs.x8664Linux();
const skipTap = needsAll(skip, needs.root(), needs.program("ip", "ping"));

const tender = commandFile("solo5-spt");

/** Starts solo5-spt in the namespace and waits until the unikernel serves. */
function serve(
  namespace: Namespace,
  args: readonly string[],
): Promise<{ child: ChildProcess; output: () => string }> {
  return new Promise((resolve, reject) => {
    const child = namespace.spawn(process.execPath, [tender, "--mem=16", ...args]);
    let text = "";
    child.stdout?.on("data", (data: Uint8Array) => {
      text += new TextDecoder().decode(data);
      if (text.includes("Serving")) resolve({ child, output: () => text });
    });
    child.on("close", (status) => reject(new Error(`ended with ${status}: ${text}`)));
  });
}

test("a tap: pings, MAC, no frame lost", { skip: skipTap }, async () => {
  using namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24");
  const mac = "02:aa:bb:cc:dd:01";
  const { child } = await serve(namespace, [
    "--net:service0=tap0",
    `--net-mac:service0=${mac}`,
    selfTest("test_net.spt"),
  ]);
  try {
    const { stdout } = await namespace.execute("ping", [
      "-fq",
      "-c",
      "5000",
      "-w",
      "60",
      "-s",
      "1400",
      "10.0.0.2",
    ]);
    assert.match(stdout, /5000 received, 0% packet loss/);
    const neighbours = await namespace.execute("ip", ["neighbour", "show", "10.0.0.2"]);
    assert.match(neighbours.stdout, new RegExp(mac));
  } finally {
    child.kill("SIGKILL");
  }
});

test("two taps, and a random MAC that is new each time", { skip: skipTap }, async () => {
  const macs: string[] = [];
  for (let i = 0; i < 2; i++) {
    using namespace = createNamespace();
    namespace.tap("tap0", "10.0.0.1/24");
    namespace.tap("tap1", "10.1.0.1/24");
    const { child, output } = await serve(namespace, [
      "--net:service0=tap0",
      "--net:service1=tap1",
      selfTest("test_net_2if.spt"),
    ]);
    try {
      for (const address of ["10.0.0.2", "10.1.0.2"]) {
        const { stdout } = await namespace.execute("ping", ["-fq", "-c", "100", "-w", "60", address]);
        assert.match(stdout, /100 received, 0% packet loss/);
      }
      macs.push(...(output().match(/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/g) ?? []));
    } finally {
      child.kill("SIGKILL");
    }
  }
  assert.equal(new Set(macs).size, 4, macs.join(" "));
  for (const mac of macs) assert.equal(Number.parseInt(mac.slice(0, 2), 16) & 3, 2);
});

for (const [command, engine] of [
  ["solo5-spt", "native"],
  ["solo5-spt", "wasm"],
  ["solo5-hvt", "wasm"],
] as const) {
  test(`the tap's MTU is the unikernel's: ${command} --engine=${engine}`, { skip: skipTap }, async () => {
    using namespace = createNamespace();
    namespace.tap("tap0", "10.0.0.1/24", { mtu: 9000 });
    const kernel = selfTest(`test_net_mtu.${command.slice(-3)}`);
    const args = [commandFile(command), `--engine=${engine}`, "--net:service0=tap0", kernel];
    const { stdout, status } = await namespace.execute(process.execPath, args);
    assert.match(stdout, /MTU is 9000/);
    assert.equal(status, 0);
  });
}

test("a tap that is missing, down or none is refused, and not made", { skip: skipTap }, async () => {
  using namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24", { down: true });
  const refused = async (name: string, why: string): Promise<void> => {
    const outcome = await namespace.execute(process.execPath, [
      tender,
      `--net:service0=${name}`,
      selfTest("test_net.spt"),
    ]);
    assert.deepEqual(outcome, {
      stdout: "",
      stderr: `solo5-spt: Could not attach interface: ${name}: ${why}\n`,
      status: 1,
    });
  };
  await refused("tap7", "No such file or directory");
  await refused("tap0", "Network is down");
  await refused("lo", "Invalid argument");
  const { stdout } = await namespace.execute("ip", ["-brief", "link"]);
  assert.deepEqual(
    stdout.split("\n").map((line) => line.split(" ")[0]),
    ["lo", "tap0", ""],
  );
});

test(
  "what only root may open says what needs no root",
  { skip: needsAll(skipTap, needs.program("setpriv")) },
  async () => {
    using namespace = createNamespace();
    namespace.ip("tuntap", "add", "tap0", "mode", "tap", "user", "12345");
    namespace.ip("link", "set", "tap0", "up");
    const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", process.execPath];
    const args = ["--net:service0=tap0", selfTest("test_net_mtu.spt")];
    for (const command of ["solo5-spt", "solo5 run"]) {
      const [name = "", ...rest] = command.split(" ");
      const { stdout, stderr, status } = await namespace.execute("setpriv", [
        ...nobody,
        commandFile(name),
        ...rest,
        ...args,
      ]);
      assert.deepEqual([stdout, status], ["", 1]);
      // Whether the device or the tap itself is refused, the machine decides.
      assert.match(
        stderr,
        new RegExp(
          `^${name}: Could not attach interface: tap0: (Operation not permitted|/dev/net/tun: Permission denied)\n` +
            `${name}: --net:NAME=user is a network that needs no root\n$`,
        ),
      );
    }
  },
);

test("a sealed unikernel finds its tap when it starts", { skip: skipTap }, async () => {
  const file = join(folder, "mtu");
  await solo5("solo5", ["seal", selfTest("test_net_mtu.spt"), "--net:service0=tap0", "-o", file]);
  using namespace = createNamespace();
  assert.match(
    (await namespace.execute(file, [])).stderr,
    /^mtu: Could not attach interface: tap0: No such device\n$/,
  );
  namespace.tap("tap0", "10.0.0.1/24", { mtu: 1234 });
  assert.match((await namespace.execute(file, [])).stdout, /MTU is 1234/);
});

test(
  "an inherited descriptor is a network device",
  { skip: needsAll(skip, needs.program("python3")) },
  async () => {
    // A pair of datagram sockets, one end of which the unikernel inherits as descriptor 7.
    const script = `
import os, socket, subprocess, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
os.dup2(theirs.fileno(), 7)
child = subprocess.Popen(sys.argv[1:], pass_fds=[7], stdout=subprocess.DEVNULL)
ours.settimeout(20)
announced = ours.recv(2000)
me, ip = bytes.fromhex("020000000001"), bytes([10, 0, 0, 1])
ours.send(b"\\xff" * 6 + me + bytes.fromhex("08060001080006040001") + me + ip + bytes(6) + bytes([10, 0, 0, 2]))
reply = ours.recv(2000)
child.kill()
print(announced[12:14].hex(), reply[:6].hex(), reply[20:22].hex(), ".".join(map(str, reply[28:32])))
`;
    const args = ["-c", script, process.execPath, tender, "--net:service0=@7", selfTest("test_net.spt")];
    const { stdout, stderr } = await execute("python3", args);
    assert.equal(stdout, "0806 020000000001 0002 10.0.0.2\n", stderr);
  },
);

test("an inherited tap tells its MTU", { skip: needsAll(skipTap, needs.program("python3")) }, async () => {
  using namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24", { mtu: 4321 });
  const script = `
import fcntl, os, struct, sys
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"tap0", 0x1002))
os.dup2(fd, 7)
os.execvp(sys.argv[1], sys.argv[1:])
`;
  const args = ["-c", script, process.execPath, tender, "--net:service0=@7", selfTest("test_net_mtu.spt")];
  const { stdout, stderr } = await namespace.execute("python3", args);
  assert.match(stdout, /MTU is 4321/, stderr);
});

const quiet = { console: { write: () => {} } };
const onPort = (segment: Segment, dump?: string): NetRequest => ({
  source: { kind: "device", device: segment.port() },
  dump,
});
const peerOn = (segment: Segment): Peer =>
  createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });

test(
  "a segment of this process, without privileges, captured for tcpdump",
  { skip: needsAll(skip, needs.program("tcpdump")) },
  async () => {
    const dump = join(folder, "segment.pcap");
    const segment = createSegment();
    const peer = peerOn(segment);
    const running = run(
      attach(open(selfTest("test_net.spt")), { net: { service0: onPort(segment, dump) } }),
      quiet,
    );
    for (let i = 0; i < 100; i++)
      assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined, `ping ${i}`);
    running.stop();
    assert.equal((await running.exited).status, 137);
    const { stdout } = await execute("tcpdump", ["-n", "-r", dump]);
    assert.equal(stdout.match(/ICMP echo request/g)?.length, 100);
    assert.equal(stdout.match(/ICMP echo reply/g)?.length, 100);
    assert.match(stdout, /ARP, Request who-has 10\.0\.0\.2/);
  },
);

test("networks are the same in every command, and seal says what it cannot have", { skip }, async () => {
  const net = "--net:service0=segment:lan/10.0.0.1";
  for (const [command, kernel] of [
    ["solo5-spt", "test_net_mtu.spt"],
    ["solo5-hvt", "test_net_mtu.hvt"],
  ] as const) {
    const { stdout, stderr, status } = await solo5(command, ["--mem=16", net, selfTest(kernel)]);
    assert.match(stdout, /MTU is 1500/, stderr);
    assert.equal(status, 0);
  }
  assert.deepEqual(
    await solo5("solo5", ["seal", net, selfTest("test_net_mtu.spt"), "-o", join(folder, "no")]),
    {
      stdout: "",
      stderr:
        "solo5: Device 'service0' needs a host process beside the unikernel, which a sealed one does not have: use solo5 run\n",
      status: 1,
    },
  );
});

test("a host that is killed takes its unikernel with it", { skip }, async () => {
  const args = ["run", "--engine=native", "--mem=16", "--net:service0=segment:lan", selfTest("test_net.spt")];
  const host = spawn(process.execPath, [commandFile("solo5"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(host.stdout, "close", { signal: AbortSignal.timeout(20_000) });
  await once(host.stdout, "data");
  const unikernel = Number(readFileSync(`/proc/${host.pid}/task/${host.pid}/children`, "latin1"));
  host.stdout.resume();
  host.kill("SIGKILL");
  try {
    // The unikernel has the pipe's other end, which closes when both are gone.
    await closed;
  } catch (error) {
    process.kill(unikernel, "SIGKILL");
    throw error;
  }
});

test("a console that throws ends the unikernel, and its error is the status's", { skip }, async () => {
  const console = {
    write(): void {
      throw new Error("no more paper");
    },
  };
  for (const engine of ["native", "wasm"] as const) {
    const running = run(attach(open(selfTest("test_hello.spt"))), { engine, console });
    await assert.rejects(running.exited, /no more paper/);
  }
});

test("two unikernels on one segment", { skip }, async () => {
  const [shared, other] = [createSegment(), createSegment()];
  const peer = peerOn(shared);
  const first = run(attach(open(selfTest("test_net.spt")), { net: { service0: onPort(shared) } }), quiet);
  const net = { service0: onPort(other), service1: onPort(shared) };
  const second = run(attach(open(selfTest("test_net_2if.spt")), { net }), quiet);
  for (const ip of ["10.0.0.2", "10.1.0.2", "10.0.0.2"]) {
    assert.ok((await peer.ping(ip, { timeoutMsecs: 10_000 })) !== undefined, ip);
  }
  first.stop();
  assert.equal((await first.exited).status, 137);
  assert.equal(await peer.ping("10.0.0.2", { timeoutMsecs: 100 }), undefined);
  assert.ok((await peer.ping("10.1.0.2")) !== undefined);
  second.stop();
  assert.equal((await second.exited).status, 137);
});

test(
  "a capture of a tap: Node stays and relays",
  { skip: needsAll(skipTap, needs.program("tcpdump")) },
  async () => {
    using namespace = createNamespace();
    namespace.tap("tap0", "10.0.0.1/24");
    const dump = join(folder, "tap.pcap");
    const { child } = await serve(namespace, [
      "--net:service0=tap0",
      `--net-dump:service0=${dump}`,
      selfTest("test_net.spt"),
    ]);
    const { stdout: pings } = await namespace.execute("ping", [
      "-q",
      "-i",
      "0.002",
      "-c",
      "200",
      "-w",
      "60",
      "10.0.0.2",
    ]);
    assert.match(pings, /200 received, 0% packet loss/);
    child.removeAllListeners("close");
    const closed = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGTERM");
    await closed;
    const { stdout } = await execute("tcpdump", ["-n", "-r", dump]);
    assert.equal(stdout.match(/ICMP echo reply/g)?.length, 200);
  },
);
