// Node's process, as far as src/oci and the commands go. What the kernel tells is asked for when it is wanted: nothing of it is there
// when the program is evaluated.
import { decodeText, encodeText } from "../../bytes/text.js";
import { tryCall } from "../linux/host-call.js";
import { readFileSync, writeSync } from "./node/fs.js";
import { constants } from "./node/os.js";
import { nodeError, perform } from "./failure.js";

/** Of /proc/self: words that end with NUL. proc_pid_cmdline(5). */
function words(file: "cmdline" | "environ"): readonly string[] {
  const data = readFileSync(`/proc/self/${file}`);
  const found: string[] = [];
  for (let at = 0, end; (end = data.indexOf(0, at)) >= 0; at = end + 1)
    found.push(decodeText(data.subarray(at, end)));
  return found;
}

export function cwd(): string {
  const into = new Uint8Array(4096);
  return decodeText(into.subarray(0, perform(undefined, "getcwd", into, into.length) - 1));
}

let variables: Readonly<Record<string, string>> | undefined;
let argv: readonly string[] | undefined;

interface Process {
  readonly platform: "linux";
  exitCode: number | undefined;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly pid: number;
  geteuid(): number;
  cwd(): string;
  kill(pid: number, signal: string): true;
  readonly stderr: { write(text: string | Uint8Array): void };
  on(): void;
  exit(status?: number): never;
}

export const process: Process = {
  platform: "linux",
  exitCode: undefined,
  /** With a word for the interpreter in front, as Node has it. */
  get argv(): readonly string[] {
    return (argv ??= ["", ...words("cmdline")]);
  },
  get env(): Readonly<Record<string, string>> {
    return (variables ??= Object.fromEntries(
      words("environ").map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]),
    ));
  },
  get pid(): number {
    return tryCall("getpid");
  },
  geteuid: (): number => tryCall("geteuid"),
  cwd,
  kill(pid: number, signal: string): true {
    const result = tryCall("kill", pid, constants.signals[signal] ?? 0);
    if (result < 0) throw nodeError(-result, "kill");
    return true;
  },
  stderr: {
    write(text: string | Uint8Array): void {
      const data = typeof text === "string" ? encodeText(text) : text;
      try {
        for (let at = 0; at < data.length;) at += writeSync(2, data, at);
      } catch {
        // Nobody is there to be told.
      }
    },
  },
  on(): void {},
  exit(status: number = process.exitCode ?? 0): never {
    tryCall("exit_group", status);
    throw new RangeError("exit_group returned");
  },
};
