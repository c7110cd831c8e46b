// solo5 demo: boots a unikernel that serves a page, on a network that needs no root. With a terminal it stays until ^C, without one
// it fetches the page itself and ends.
import { attach, createUserNet, open, run } from "../index.js";
import { demoUnikernel } from "../toolchain/layout.js";
import { print } from "./command.js";
import { withSignals } from "./signals.js";

const guestPort = 80;
/** What people expect; another where it is taken. */
const usualPort = 8080;

export async function demoCommand(): Promise<number> {
  const network = createUserNet();
  const lead = (hostPort: number) => network.forward({ protocol: "tcp", hostPort, guestPort });
  const { address, port } = await lead(usualPort).catch(() => lead(0));
  const plan = attach(open(demoUnikernel), {
    memMiB: 64,
    net: { service0: { source: { kind: "device", device: network.device } } },
  });
  const started = performance.now();
  const running = run(plan, { console: { write() {} }, reporter: "solo5" });
  try {
    const url = `http://${address}:${port}/`;
    const page = await (await fetch(url)).text();
    print(`${url} says, ${(performance.now() - started).toFixed(0)} ms after the start:\n\n    ${page}\n`);
    print(`It comes from a unikernel on the ${running.engine} engine: no root, no network set up.\n`);
    print("Next: README.md has a unikernel of your own in ten lines of C.\n");
    if (!process.stdout.isTTY) return 0;
    print(`\nOpen ${url} in a browser. ^C ends the unikernel.\n`);
    return await withSignals(() => running, "solo5");
  } finally {
    running.stop();
    await running.exited;
    network.close();
  }
}
