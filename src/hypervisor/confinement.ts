// How a tender gives up what its guest does not need: another user, and an empty folder for a root. And how what needs root at the end is
// done all the same: by a process that waits for it. chroot(2), setresuid(2).
import { spawn } from "node:child_process";
import { closeSync, readFileSync, readSync, writeSync } from "node:fs";
import { Solo5Error } from "../bytes/error.js";
import { withNul } from "../bytes/text.js";
import { check, libc } from "../host/posix/libc.js";
import { streamPair } from "../host/posix/net/socket-pair.js";

export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** The account of a system's user. Throws Solo5Error `VMM`. */
export function accountOf(user: string, passwd = "/etc/passwd"): Account {
  const row = readFileSync(passwd, "latin1")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name]) => name === user);
  const [, , uid = "", gid = "", , home = ""] = row ?? [];
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid) || !home.startsWith("/"))
    throw new Solo5Error("VMM", `vmm: there is no user ${user} to become: --engine=wasm`);
  return { uid: Number(uid), gid: Number(gid), home };
}

/** The whole process becomes `account`, in `folder` as its root, and cannot go back. Throws Solo5Error `SYSCALL`. */
export function becomeUser({ uid, gid }: Account, folder: string): void {
  const c = libc();
  check(c.chroot(withNul(folder)), `chroot ${folder}`);
  check(c.chdir(withNul("/")), "chdir");
  check(c.setgroups(1, Uint32Array.of(gid)), "setgroups");
  check(c.setresgid(gid, gid, gid), "setresgid");
  check(c.setresuid(uid, uid, uid), "setresuid");
}

/** Its arguments are its own, none is read by the shell. ^C is for the tender, whose end it waits for. */
const script = 'trap "" INT TERM HUP QUIT; read _; "$@" >/dev/null 2>&1 && echo done';

/**
 * A process of the present user's that runs a program when it is told to, or when this process is gone, whatever becomes of it. What is
 * given back tells it, waits, and gives whether the program succeeded.
 */
export function keeper(argv: readonly string[]): () => boolean {
  const [own, its] = streamPair();
  const child = spawn("/bin/sh", ["-c", script, "sh", ...argv], {
    stdio: [its, its, "ignore"],
    detached: true,
    cwd: "/",
  });
  child.unref();
  closeSync(its);
  return () => {
    const said = new Uint8Array(16);
    try {
      writeSync(own, "\n");
      return readSync(own, said) > 0;
    } catch {
      return false;
    } finally {
      closeSync(own);
    }
  };
}
