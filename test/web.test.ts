// A web server of the tests' own over a tap: Node's HTTP and the kernel's TCP find everything as it must be, natively and on
// the engine, also where one frame in thirty is lost each way.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { commandFile } from "./command.js";
import { createNamespace, type Namespace } from "./namespace.js";
import { needs, needsAll } from "./needs.js";
import { projectRoot } from "./project.js";
import { demoFile, guestOutput } from "../src/toolchain/layout.js";

const skip = needsAll(needs.x8664Linux(), needs.root(), needs.program("ip"));

const client = join(projectRoot, "dist/test/web/client.js");

/** Starts the server in the namespace and waits until it serves. */
async function serve(
  namespace: Namespace,
  kernel: string,
  engine: string,
  args: readonly string[],
): Promise<ChildProcess> {
  const options = ["run", `--engine=${engine}`, "--mem=64", "--net:service0=tap0"];
  const child = namespace.spawn(process.execPath, [commandFile("solo5"), ...options, kernel, ...args]);
  let text = "";
  child.stdout?.on("data", (data: Uint8Array) => (text += new TextDecoder().decode(data)));
  while (!text.includes("Serving")) {
    if (child.stdout === null || child.exitCode !== null) throw new Error(`did not serve: ${text}`);
    await once(child.stdout, "data");
  }
  return child;
}

const rows = [
  { target: "spt", engine: "native", connections: 8, args: [] },
  { target: "spt", engine: "native", connections: 8, args: ["--lose=30"] },
  { target: "spt", engine: "wasm", connections: 2, args: [] },
  { target: "hvt", engine: "wasm", connections: 2, args: [] },
] as const;

for (const { target, engine, connections, args } of rows) {
  test(
    `${target}, ${engine} ${args.join(" ")}: requests of all sizes, many at a time`,
    { skip },
    async () => {
      using namespace = createNamespace();
      namespace.tap("tap0", "10.0.0.1/24");
      const child = await serve(namespace, demoFile(guestOutput, "web", target), engine, args);
      try {
        const outcome = await namespace.execute(process.execPath, [client, "10.0.0.2", `${connections}`]);
        assert.deepEqual(outcome, { stdout: "as it must be\n", stderr: "", status: 0 });
      } finally {
        child.kill("SIGKILL");
      }
    },
  );
}
