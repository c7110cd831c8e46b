// A unikernel with a network of its own, whose ports the tests reach.
import assert from "node:assert/strict";
import { attach, createUserNet, open, run, type AttachOptions } from "../../src/index.js";

export interface Serving {
  /** A free port of this host's that leads to the unikernel's. */
  port(guestPort: number, protocol?: "tcp" | "udp"): Promise<number>;
  /** What it has printed so far. */
  output(): string;
  /** Ends it at once, whatever it does; so does the end of its scope. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function startServing(
  file: string,
  {
    allow = [],
    block = {},
    args = [],
  }: { allow?: readonly string[]; block?: AttachOptions["block"]; args?: readonly string[] } = {},
): Serving {
  const network = createUserNet({ allow });
  let output = "";
  const plan = attach(open(file), {
    memMiB: 128,
    args: ["--solo5:quiet", ...args],
    net: { service: { source: { kind: "device", device: network.device } } },
    block,
  });
  const running = run(plan, {
    console: { write: (data) => void (output += new TextDecoder().decode(data)) },
  });
  const stop = async (): Promise<void> => {
    running.stop();
    await running.exited;
    network.close();
  };
  return {
    port: async (guestPort, protocol = "tcp") =>
      (await network.forward({ protocol, hostPort: 0, guestPort })).port,
    output: () => output,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Tries until it works: a unikernel answers when it has an address. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      assert.ok(tries < 200, String(error));
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}
