// solo5 demo: boots a unikernel with a network device on an Ethernet segment inside this process and pings it. No
// privileges, nothing to set up.
import { attach, createPeer, createSegment, open, run } from "../index.js";
import { demoUnikernel } from "../toolchain/layout.js";
import { print } from "./command.js";

const guestIp = "10.0.0.2";
const pings = 5;

export async function demoCommand(): Promise<number> {
  const segment = createSegment();
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const plan = attach(open(demoUnikernel), {
    memMiB: 64,
    net: { service0: { source: { kind: "device", device: segment.port() } } },
  });
  const started = performance.now();
  await using running = run(plan);
  let answered = 0;
  for (let sequence = 1; sequence <= pings; sequence++) {
    const msecs = await peer.ping(guestIp, { timeoutMsecs: 5000 });
    const whole = performance.now() - started;
    if (msecs === undefined) print(`no reply from ${guestIp}\n`);
    else
      print(
        `reply from ${guestIp}: seq=${sequence} time=${msecs.toFixed(3)} ms (${whole.toFixed(0)} ms after the start)\n`,
      );
    if (msecs !== undefined) answered++;
  }
  print(`\n${answered} of ${pings} pings answered by a unikernel on the ${running.engine} engine.\n`);
  print("Next: README.md has a unikernel of your own in ten lines of C.\n");
  return answered === pings ? 0 : 1;
}
