// Becomes another user in a thread, as a virtual CPU's does, and tells what this process then is: for test/confinement.test.ts.
import { readdirSync } from "node:fs";
import { isMainThread, Worker } from "node:worker_threads";
import { hostSystem } from "../../src/hypervisor/system.js";

const [, , folder = "", kept = ""] = process.argv;

if (isMainThread) {
  const keeper = hostSystem.keeper(["/bin/touch", kept]);
  const worker = new Worker(new URL(import.meta.url), { argv: [folder, kept] });
  await new Promise((resolve) => worker.on("exit", resolve));
  let regained = true;
  try {
    process.setuid?.(0);
  } catch {
    regained = false;
  }
  const { pid } = process;
  process.stdout.write(
    `${JSON.stringify({ uid: process.getuid?.(), gid: process.getgid?.(), groups: process.getgroups?.(), root: readdirSync("/"), regained, pid })}\n`,
  );
  // A caller that writes has it done; one that closes ends this process by force.
  process.stdin.once("data", () => {
    process.stdout.write(`${keeper()}\n`);
    process.exit();
  });
} else {
  hostSystem.becomeUser(hostSystem.accountOf("nobody"), folder);
}
