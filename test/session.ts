// Runs the sessions that a page of documentation shows and compares what they print: fenced blocks marked `session`, with
// `$ command` (the tenders in the background with `&`), `(gdb) command`, and what is printed, where `…` stands for anything.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commandFile, execute } from "./command.js";
import { projectRoot } from "./project.js";

export interface Session {
  /** The line of the page that it begins on. */
  readonly line: number;
  readonly lines: readonly string[];
}

export function sessionsOf(page: string): readonly Session[] {
  const lines = readFileSync(join(projectRoot, page), "utf8").split("\n");
  return lines.flatMap((text, i) =>
    text === "```session" ? [{ line: i + 1, lines: lines.slice(i + 1, lines.indexOf("```", i)) }] : [],
  );
}

/** A command of a session with the lines that are expected of it. */
export interface Step {
  readonly command: string;
  readonly expected: string[];
}

export function stepsOf({ lines }: Session): Step[] {
  const all: Step[] = [];
  for (const line of lines) {
    if (line.startsWith("$ ") || line.startsWith("(gdb) ")) all.push({ command: line, expected: [] });
    else all.at(-1)?.expected.push(line);
  }
  return all;
}

/** Every expected line, in order; others may come between them. */
export function assertPrinted(output: string, expected: readonly string[]): void {
  let lines = output.split("\n");
  for (const text of expected) {
    const pattern = text
      .split("…")
      .map((piece) => escaped(piece))
      .join(".*");
    const at = lines.findIndex((line) => new RegExp(`^${pattern}$`).test(line.trimEnd()));
    assert.ok(at >= 0, `no line like '${text}' in what is left of\n${output}`);
    lines = lines.slice(at + 1);
  }
}
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** What Node is called with for a command of the project's. */
export type TenderFile = (name: string) => readonly string[];
const own: TenderFile = (name) => [commandFile(name)];

/** The words of a shell command, with the project's commands, a free port and, for debugging, `options` in place. */
function argv(
  command: string,
  port: number,
  options: readonly string[] = [],
  tender: TenderFile = own,
): [file: string, args: string[]] {
  const [name = "", ...rest] = command.split(" ").filter((word) => word !== "" && word !== "&");
  const args = rest.flatMap((word) => (word === "--gdb" ? [word, `--gdb-port=${port}`, ...options] : [word]));
  return name.startsWith("solo5") ? [process.execPath, [...tender(name), ...args]] : [name, args];
}

/** One gdb with all its commands, each echoed. A command before `^C` is interrupted after a second. */
export async function runGdb(
  command: string,
  steps: readonly Step[],
  port: number,
  cwd: string,
): Promise<void> {
  const commands: string[] = [];
  for (const { command, expected } of steps) {
    const text = command.slice("(gdb) ".length).replace(":1234", `127.0.0.1:${port}`);
    if (expected[0] === "^C") commands.push("-ex", "shell (sleep 1; kill -INT $PPID) &");
    commands.push("-ex", `echo ${command}\\n`, "-ex", text);
  }
  const [file, args] = argv(command, port);
  const options = [
    "set pagination off",
    "set width 0",
    "set debuginfod enabled off",
    "set confirm off",
    "set remotetimeout 30",
  ];
  // Errors stand among the output, where they happen.
  const { stdout } = await execute(
    "sh",
    [
      "-c",
      // A pattern for files is the shell's to resolve.
      `exec "$@" ${command
        .split(" ")
        .filter((word) => word.includes("*"))
        .join(" ")} 2>&1`,
      "sh",
      file,
      "-nx",
      "-q",
      "-batch",
      ...options.flatMap((option) => ["-iex", option]),
      ...commands,
      ...args.filter((word) => !word.includes("*")),
    ],
    { cwd, timeoutMsecs: 60_000 },
  );
  const expected = steps.flatMap(({ command, expected }) => [
    command,
    ...expected.filter((line) => line !== "^C"),
  ]);
  assertPrinted(stdout, expected);
}

/**
 * Runs a session in the folder `cwd`, its debugging tenders with `options` as well. Throws AssertionError where it goes otherwise than
 * the page says.
 */
export async function runSession(
  session: Session,
  cwd: string,
  options: readonly string[] = [],
  tender: TenderFile = own,
): Promise<void> {
  const port = await freePort();
  const isHere = (line: string) => line.replace("127.0.0.1:1234", `127.0.0.1:${port}`);
  const background: { command: string; expected: string[]; output: () => string; ended: Promise<unknown> }[] =
    [];
  const children: ReturnType<typeof spawn>[] = [];
  const steps = stepsOf(session);
  try {
    while (steps.length > 0) {
      const { command, expected } = steps.shift() ?? { command: "", expected: [] };
      if (command.endsWith("&")) {
        const child = spawn(...argv(command.slice(2), port, options, tender), {
          cwd,
          stdio: ["ignore", "pipe", "pipe"],
        });
        children.push(child);
        let output = "";
        for (const stream of [child.stdout, child.stderr])
          stream.on("data", (data: Uint8Array) => (output += new TextDecoder().decode(data)));
        background.push({ command, expected, output: () => output, ended: once(child, "close") });
        await once(child.stderr, "data");
      } else if (command.startsWith("$ gdb")) {
        const end = steps.findIndex(({ command }) => !command.startsWith("(gdb)"));
        await runGdb(command.slice(2), steps.splice(0, end < 0 ? steps.length : end), port, cwd);
      } else {
        const { stdout, stderr } = await execute(...argv(command.slice(2), port), { cwd });
        assertPrinted(stdout + stderr, expected);
      }
    }
    for (const { expected, output, ended } of background) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20_000).unref())]);
      assertPrinted(output(), expected.map(isHere));
    }
    assert.ok(
      children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
      "still running",
    );
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}
