// Runs the steps of bsd.ts: looks first whose the interfaces are, leaves out what is done, and takes back what it made where a later
// step fails.
import { spawnSync } from "node:child_process";
import { Solo5Error } from "../../bytes/error.js";
import { addSteps, lineOf, removeSteps, type Bsd, type Step } from "./bsd.js";
import { mark, type AddRequest } from "./request.js";

export interface ProgramOutcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with its input to its end. */
export type RunProgram = (argv: readonly string[], input?: string) => ProgramOutcome;

/** Root's programs, wherever PATH leads. */
const path = "/sbin:/usr/sbin:/bin:/usr/bin";

export const runProgram: RunProgram = ([program = "", ...args], input = "") => {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    input,
    encoding: "utf8",
    env: { PATH: path, LC_ALL: "C" },
  });
  return { status: status ?? 1, stdout: stdout ?? "", stderr: error?.message ?? stderr };
};

const isRoot = (): boolean => process.geteuid?.() === 0;

function needsRoot(name: string): void {
  if (!isRoot()) throw new Solo5Error("NET", `${name}: this needs root`);
}

function look(run: RunProgram, name: string): { readonly isThere: boolean; readonly text: string } {
  const { status, stdout } = run(["ifconfig", name]);
  return { isThere: status === 0, text: stdout };
}

/** Both systems print a description on a line of its own. */
const isOwn = (text: string): boolean =>
  text.split("\n").some((line) => line.trim() === `description: ${mark}`);

function checkOwn(name: string, text: string): void {
  if (isOwn(text)) return;
  throw new Solo5Error(
    "NET",
    `${name}: is there, and solo5 net has not made it: choose another name, or remove it yourself`,
  );
}

function perform(run: RunProgram, step: Step): void {
  const { status, stderr } = run(step.argv, step.input);
  if (status === 0 || step.mayFail === true) return;
  const [reason = ""] = stderr.trim().split("\n");
  throw new Solo5Error("NET", `${lineOf(step)}: ${reason === "" ? `status ${status}` : reason}`);
}

/** Has everything that `request` names be there. Throws Solo5Error `NET`. */
export function addOnBsd(system: Bsd, request: AddRequest, run: RunProgram = runProgram): void {
  const steps = addSteps(system, request);
  if (run === runProgram) needsRoot(request.tap);
  const names = steps.flatMap(({ makes }) => makes ?? []);
  const there = new Map(names.map((name) => [name, look(run, name)]));
  for (const [name, { isThere, text }] of there) if (isThere) checkOwn(name, text);
  const made: string[] = [];
  try {
    for (const step of steps) {
      const { makes, unless } = step;
      if (makes !== undefined && there.get(makes)?.isThere === true) continue;
      if (unless !== undefined && look(run, unless.of).text.includes(unless.says)) continue;
      perform(run, step);
      if (makes !== undefined) made.push(makes);
    }
  } catch (error) {
    for (const name of made.toReversed()) run(["ifconfig", name, "destroy"]);
    throw error;
  }
}

/** Removes an interface that was made here. Gives whether it was there. Throws Solo5Error `NET`. */
export function removeOnBsd(system: Bsd, name: string, run: RunProgram = runProgram): boolean {
  if (run === runProgram) needsRoot(name);
  const { isThere, text } = look(run, name);
  if (!isThere) return false;
  checkOwn(name, text);
  for (const step of removeSteps(system, name)) perform(run, step);
  return true;
}
