// A sealed server on a tap: Linux's TCP is the witness of what the runner's own functions make of frames, of both families, with timestamps
// and without.
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createNamespace } from "../namespace.js";
import { needs, needsAll } from "../needs.js";
import { build, needsRunners, workFolder } from "./build.js";

const folder = workFolder();
const skip = needsAll(needsRunners, needs.root(), needs.program("ip"));

const server = `
import { serve } from "solo5:http";
serve({ port: 80 }, (request) => {
  const size = Number(new URL(request.url).pathname.slice(1));
  return new Response(String.fromCharCode(97 + (size % 26)).repeat(size));
});
`;

/** Answers of many sizes over connections that are kept; prints how many were right, and segments that Linux found damaged. */
const client = `
import { readFileSync } from "node:fs";
import { Agent, get } from "node:http";
const agent = new Agent({ keepAlive: true, maxSockets: 3 });
const ask = (host, size) => new Promise((done, fail) => {
  get({ host, port: 80, path: "/" + size, agent, headers: { "x-fill": "y".repeat(size % 97) } }, (response) => {
    let text = "";
    response.on("data", (part) => (text += part));
    response.on("end", () => done(text === String.fromCharCode(97 + (size % 26)).repeat(size)));
  }).on("error", fail);
});
for (;;) { try { await ask("10.0.0.2", 1); await ask("fd00::2", 1); break; } catch { await new Promise((done) => setTimeout(done, 20)); } }
let right = 0;
const sizes = [...Array(120).keys(), 1447, 1448, 1449, 4001, 40_003];
for (const host of ["10.0.0.2", "fd00::2"])
  for (let i = 0; i < sizes.length; i += 5)
    for (const ok of await Promise.all(sizes.slice(i, i + 5).map((size) => ask(host, size)))) right += ok ? 1 : 0;
const [names, values] = readFileSync("/proc/self/net/snmp", "latin1").split("\\n").filter((line) => line.startsWith("Tcp:")).map((line) => line.split(" "));
console.log(right, 2 * sizes.length, values[names.indexOf("InCsumErrors")]);
process.exit();
`;

test("Linux takes what the runner writes, and reads what it sends", { skip, timeout: 60_000 }, async () => {
  const [source, output] = [join(folder, "server.ts"), join(folder, "server")];
  writeFileSync(source, server);
  const addresses = ["--ipv4=10.0.0.2/24", "--ipv6=fd00::2/64"];
  const { status, stderr } = await build(
    source,
    "--mem=64",
    "--net:service=tap0",
    "-o",
    output,
    "--",
    ...addresses,
  );
  assert.equal(status, 0, stderr);
  for (const timestamps of [1, 0]) {
    using namespace = createNamespace();
    namespace.tap("tap0", "10.0.0.1/24");
    namespace.ip("-6", "address", "add", "fd00::1/64", "dev", "tap0", "nodad");
    const set = `echo ${timestamps} > /proc/sys/net/ipv4/tcp_timestamps`;
    assert.equal((await namespace.execute("sh", ["-c", set])).status, 0);
    const child = namespace.spawn(output, []);
    try {
      const said = await namespace.execute(process.execPath, ["--input-type=module", "-e", client]);
      assert.equal(said.stdout, "250 250 0\n", said.stderr);
    } finally {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    }
  }
});
