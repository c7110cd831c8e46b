// process.terminal: a pseudoterminal whose other end the manager gets through --console-socket. pty(7).
import { closeSync, openSync, constants } from "node:fs";
import { viewOf } from "../bytes/struct.js";
import { withNul } from "../bytes/text.js";
import { Solo5Error } from "../bytes/error.js";
import { configError } from "./config/check.js";
import type { Config } from "./config/types.js";
import type { Standard } from "./prologue/container-process.js";
import { hostCall } from "../host/linux/host-call.js";
import { sendDescriptors } from "../host/linux/send-descriptors.js";

const request = { unlock: 0x40045431, peer: 0x5441, windowSize: 0x5414 } as const;
const afUnix = 1;
const sockStream = 1;
const closeOnExec = 0x80000;

export interface TerminalSize {
  readonly height?: number;
  readonly width?: number;
}

/** The terminal for the container's standard descriptors; its other end has been sent. Throws Solo5Error. */
export function openTerminal(socketPath: string, size: TerminalSize = {}): number {
  const what = "process.terminal";
  const master = openSync("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY);
  try {
    hostCall(`${what}: TIOCSPTLCK`, "ioctl", master, request.unlock, new Uint8Array(8));
    const terminal = hostCall(
      `${what}: TIOCGPTPEER`,
      "ioctl",
      master,
      request.peer,
      constants.O_RDWR | constants.O_NOCTTY | closeOnExec,
    );
    if (size.height !== undefined && size.width !== undefined && size.height > 0) {
      const rows = new Uint8Array(8);
      viewOf(rows).setUint16(0, size.height, true);
      viewOf(rows).setUint16(2, size.width, true);
      hostCall(`${what}: TIOCSWINSZ`, "ioctl", master, request.windowSize, rows);
    }
    send(socketPath, master);
    return terminal;
  } finally {
    closeSync(master);
  }
}

function send(path: string, master: number): void {
  const what = `--console-socket ${path}`;
  const address = new Uint8Array(110);
  const name = withNul(path);
  if (name.length > 108) throw new Solo5Error("CONTAINER", `${what}: the name is too long for a socket`);
  viewOf(address).setUint16(0, afUnix, true);
  address.set(name, 2);
  const socket = hostCall(what, "socket", afUnix, sockStream | closeOnExec, 0);
  try {
    hostCall(what, "connect", socket, address, 2 + name.length);
    sendDescriptors(what, socket, new TextEncoder().encode("/dev/ptmx"), [master]);
  } finally {
    closeSync(socket);
  }
}

/** The container's standard descriptors: the runtime's own, or a terminal's. Throws Solo5Error. */
export function standardDescriptors(config: Config, consoleSocket: string | undefined): Standard {
  const { terminal, consoleSize } = config.process;
  if (terminal !== true) {
    if (consoleSocket !== undefined && consoleSocket !== "")
      throw configError("process.terminal", "must be true where there is a --console-socket");
    return [0, 1, 2];
  }
  if (consoleSocket === undefined || consoleSocket === "")
    throw configError("process.terminal", "needs --console-socket");
  const fd = openTerminal(consoleSocket, consoleSize);
  return [fd, fd, fd];
}
