// solo5 dev: runs a program in TypeScript on a network without root, and runs it anew when a file that it is made of changes.
import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { attach, createUserNet, open, run, type Running, type UserNet } from "../index.js";
import type { devOptions } from "../tender/options.js";
import { valueOf, type Given } from "../tender/parse-options.js";
import { attachOptions } from "../tender/request.js";
import { buildTypeScript } from "../typescript/build.js";
import { environment } from "./build.js";
import { UsageError } from "./command.js";
import { onlyOperand, type Invocation } from "./own-command.js";
import { say } from "./say.js";

type DevOption = keyof typeof devOptions;

/** What changes together is built once: editors write a file in several steps. */
const settleMsecs = 50;

export function devCommand({ given, operands }: Invocation<DevOption>): Promise<number> {
  const separator = operands.includes("--") ? operands.indexOf("--") : operands.length;
  const file = onlyOperand(operands.slice(0, separator), "FILE");
  const port = (name: "port" | "guest-port", otherwise: number): number => {
    const value = valueOf(given, name) ?? String(otherwise);
    if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535)
      throw new UsageError(`--${name}=${value}: not a port`);
    return Number(value);
  };
  return new Development(file, given, operands.slice(separator + 1), {
    host: port("port", 8080),
    guest: port("guest-port", 80),
  }).run();
}

class Development {
  readonly #file: string;
  readonly #given: readonly Given<DevOption>[];
  readonly #args: readonly string[];
  readonly #ports: { host: number; readonly guest: number };
  readonly #watchers = new Map<string, FSWatcher>();
  #sources: ReadonlySet<string> = new Set();
  #running: Running | undefined;
  #network: UserNet | undefined;
  /** One build and start after the other. */
  #last: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    file: string,
    given: readonly Given<DevOption>[],
    args: readonly string[],
    ports: { readonly host: number; readonly guest: number },
  ) {
    this.#file = file;
    this.#given = given;
    this.#args = args;
    this.#ports = { ...ports };
  }

  /** Until a signal. */
  async run(): Promise<number> {
    const ended = new Promise<void>((resolve) => {
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => resolve());
    });
    // A first build that fails is worth an end; later ones are worth a line.
    await this.#restart();
    await ended;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    await this.#last;
    await this.#stop();
    return 0;
  }

  async #restart(): Promise<void> {
    const started = performance.now();
    const { unikernel, sources } = buildTypeScript(this.#file, {
      target: "spt",
      isa: process.arch === "arm64" ? "aarch64" : "x86-64",
      files: valueOf(this.#given, "files"),
      env: environment(this.#given),
    });
    this.#watch(sources);
    await this.#stop();
    await this.#start(unikernel, started);
  }

  async #start(bytes: Uint8Array, started: number): Promise<void> {
    const unikernel = open(bytes);
    const network = createUserNet();
    this.#network = network;
    const nets = unikernel.devices.filter(({ type }) => type === "NET_BASIC");
    const [net, ...others] = nets.map(({ name }) => name);
    if (others.length > 0)
      throw new Solo5Error("NET", `${this.#file}: solo5 dev has one network: ${others.join(", ")} is more`);
    const options = attachOptions(
      this.#given.filter(({ option }) => option === "mem" || option.startsWith("block")) as readonly Given[],
      ["--solo5:quiet", ...this.#args],
    );
    const plan = attach(unikernel, {
      ...options,
      net: net === undefined ? {} : { [net]: { source: { kind: "device", device: network.device } } },
    });
    const running = run(plan, {
      name: basename(this.#file),
      console: { write: (data) => void process.stdout.write(data) },
    });
    this.#running = running;
    void this.#tellEnd(running);
    const time = `${Math.round(performance.now() - started)} ms`;
    if (net === undefined) return say("solo5", `${this.#file} runs (${time})`);
    const { host, guest } = this.#ports;
    const { address, port } = await network.forward({ protocol: "tcp", hostPort: host, guestPort: guest });
    this.#ports.host = port;
    say("solo5", `http://${address}:${port} (${time})`);
  }

  async #tellEnd(running: Running): Promise<void> {
    try {
      const { status, message } = await running.exited;
      if (running === this.#running)
        say("solo5", `ended with ${status}${message === undefined ? "" : `: ${message}`}`);
    } catch (error) {
      this.#tell(error);
    }
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.stop();
    await running?.exited.catch(() => {});
    this.#network?.close();
    this.#network = undefined;
  }

  /** Folders are watched: editors put a new file in the place of the old one. */
  #watch(sources: readonly string[]): void {
    this.#sources = new Set(sources);
    for (const folder of new Set(sources.map((source) => dirname(source)))) {
      if (this.#watchers.has(folder) || folder.includes("node_modules")) continue;
      const watcher = watch(folder, (_event, name) => {
        if (name !== null && ![...this.#sources].some((source) => source.endsWith(name))) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#changed(), settleMsecs);
      });
      watcher.on("error", () => watcher.close());
      this.#watchers.set(folder, watcher);
    }
  }

  #changed(): void {
    this.#last = this.#last.then(
      () => this.#restart().catch((error: unknown) => this.#tell(error)),
      () => {},
    );
  }

  #tell(error: unknown): void {
    if (!(error instanceof Solo5Error)) throw error;
    for (const line of error.message.split("\n")) say("solo5", line);
  }
}
