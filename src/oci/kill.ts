// kill: a signal to the unikernel's process, and to no other that got its number. pidfd_open(2).
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { Solo5Error } from "../bytes/error.js";
import { strerror } from "../abi/linux/errno.js";
import { tryCall } from "../host/linux/host-call.js";
import { processesIn } from "./cgroup/cgroupfs.js";
import { isAlive, type ProcessId } from "./process.js";
import { containerError, readContainer, statusOf } from "./state.js";

/** The number of a signal as users write it: 9, KILL, SIGKILL, SIGRTMIN+3. Throws Solo5Error. */
export function signalNumber(text: string): number {
  const name = text.toUpperCase().replace(/^(SIG)?/, "SIG");
  const number: unknown = constants.signals[name as NodeJS.Signals];
  if (typeof number === "number") return number;
  const [, base, sign, offset = "0"] = /^SIGRTM(IN|AX)(?:([+-])(\d+))?$/.exec(name) ?? [];
  const real = (base === "IN" ? 34 : 64) + (sign === "-" ? -1 : 1) * Number(offset);
  const value = base === undefined ? Number(text) : real;
  if (/^\d+$/.test(text) || base !== undefined) if (value >= 0 && value <= 64) return value;
  throw new Solo5Error("CONTAINER", `'${text}' is no signal`);
}

/** Throws Solo5Error where the container does not run. */
export function kill(root: string, id: string, signal: string, isAll: boolean): void {
  const container = readContainer(root, id);
  const number = signalNumber(signal);
  const status = statusOf(root, container);
  const { init, cgroups } = container;
  if (isAll) {
    for (const pid of processesIn(cgroups)) tryCall("kill", pid, number);
    if (status === "stopped") return;
  }
  if (init === undefined || status === "stopped" || status === "creating")
    throw containerError(id, `it is ${status}, and cannot be killed`);
  send(id, init, number);
}

function send(id: string, init: ProcessId, signal: number): void {
  const gone = containerError(id, "it is stopped, and cannot be killed");
  const fd = tryCall("pidfd_open", init.pid, 0);
  if (fd < 0) throw gone;
  try {
    // The descriptor is of whoever has the number now; if that is still our process, it stays so.
    if (!isAlive(init)) throw gone;
    const result = tryCall("pidfd_send_signal", fd, signal, 0, 0);
    if (result < 0) throw containerError(id, `signal ${signal}: ${strerror(-result)}`);
  } finally {
    closeSync(fd);
  }
}
