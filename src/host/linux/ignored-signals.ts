// Which signals this process was started with ignored, as nohup(1) does it: they stay so. Node gives every signal its
// default meaning before anybody can look, so that others have to tell: the launcher that an install prefix has in front
// of a command, else nohup's name and the parent, of whom SIGHUP is inherited.
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { ignoredVariable } from "../../abi/linux/ignored.js";

const { SIGHUP, SIGPIPE, SIGXFSZ } = constants.signals;
/** What runtimes ignore for themselves, and leave to those that they start. */
const ofRuntimes: ReadonlySet<number> = new Set([SIGPIPE, SIGXFSZ]);

/** By number, ascending. */
export function ignoredSignals(): readonly number[] {
  const [pid, mask = ""] = (process.env[ignoredVariable] ?? "").split(":");
  if (Number(pid) === process.pid) return signalsOf(mask);
  const byParent = signalsOf(statusMask(process.ppid));
  const isNohup = /(^|\/)nohup$/.test(process.env["_"] ?? "");
  return isNohup || byParent.includes(SIGHUP) ? [SIGHUP] : [];
}

/** Bit n - 1 is signal n. */
function signalsOf(mask: string): readonly number[] {
  const bits = /^[0-9a-f]+$/i.test(mask) ? BigInt(`0x${mask}`) : 0n;
  return Object.values(constants.signals).filter(
    (number) => ((bits >> BigInt(number - 1)) & 1n) !== 0n && !ofRuntimes.has(number),
  );
}

function statusMask(pid: number): string {
  try {
    return /^SigIgn:\s*(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "";
  } catch {
    return "";
  }
}
