// System call numbers and the constants of their arguments. Witness: the kernel's headers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cValues } from "../../../test/c-values.js";
import { needs, needsAll } from "../../../test/needs.js";
import { ifreq, ifrequest, readIfreq } from "./ifreq.js";
import * as linux from "./syscalls.js";

const skip = needsAll(needs.program("gcc"), needs.x8664Linux());

function agree(includes: string, expected: Readonly<Record<string, number>>): void {
  const names = Object.keys(expected);
  const actual = cValues(includes, names);
  assert.deepEqual(Object.fromEntries(names.map((name, i) => [name, Number(actual[i])])), { ...expected });
}

test("system calls of x86-64, as the kernel's headers number them", { skip }, () => {
  const calls = Object.entries(linux.launchSyscalls["x86-64"]);
  agree("#include <sys/syscall.h>", Object.fromEntries(calls.map(([call, nr]) => [`SYS_${call}`, nr])));
});

test("system calls of aarch64, as the kernel's generic table numbers them", { skip }, () => {
  const calls = Object.entries(linux.launchSyscalls.aarch64).flatMap(([call, nr]) =>
    nr === null ? [] : [[`__NR_${call}`, nr] as const],
  );
  agree("#include <asm-generic/unistd.h>", Object.fromEntries(calls));
});

test("the constants of their arguments", { skip }, () => {
  const includes = ["fcntl", "signal", "unistd", "sys/mman", "sys/prctl", "sys/epoll", "sys/timerfd", "sys/socket", "sys/ioctl", "elf", "linux/if_tun", "linux/seccomp", "linux/if", "linux/sockios", "time"]; // prettier-ignore
  agree(`#define _GNU_SOURCE\n${includes.map((name) => `#include <${name}.h>\n`).join("")}`, {
    AT_FDCWD: linux.atFdcwd,
    O_RDWR: linux.open.readWrite,
    O_NONBLOCK: linux.open.nonBlock,
    O_CLOEXEC: linux.open.closeOnExec,
    PROT_READ: linux.mmapProt.read,
    PROT_WRITE: linux.mmapProt.write,
    PROT_EXEC: linux.mmapProt.execute,
    MAP_PRIVATE: linux.mmapFlag.private,
    MAP_FIXED: linux.mmapFlag.fixed,
    MAP_ANONYMOUS: linux.mmapFlag.anonymous,
    MAP_NORESERVE: linux.mmapFlag.noReserve,
    SIGKILL: linux.signal.kill,
    SIGPIPE: linux.signal.pipe,
    SIGXFSZ: linux.signal.xfsz,
    SIG_SETMASK: linux.sigSetmask,
    SEEK_SET: linux.seek.set,
    SEEK_END: linux.seek.end,
    F_GETFL: linux.fcntlCmd.getFlags,
    F_SETFL: linux.fcntlCmd.setFlags,
    PR_SET_PDEATHSIG: linux.prctlOp.setPdeathsig,
    PR_SET_NAME: linux.prctlOp.setName,
    PR_SET_NO_NEW_PRIVS: linux.prctlOp.setNoNewPrivs,
    CLOCK_MONOTONIC: linux.clockMonotonic,
    TFD_NONBLOCK: linux.timerfdNonBlock,
    EPOLL_CTL_ADD: linux.epollAdd,
    EPOLLIN: linux.epollIn,
    SECCOMP_SET_MODE_FILTER: linux.seccompSetFilter,
    AF_INET: linux.socketInetDatagram.family,
    SOCK_DGRAM: linux.socketInetDatagram.type,
    SIOCGIFFLAGS: linux.ioctlRequest.SIOCGIFFLAGS,
    SIOCGIFMTU: linux.ioctlRequest.SIOCGIFMTU,
    TUNSETIFF: linux.ioctlRequest.TUNSETIFF,
    TUNSETOFFLOAD: linux.ioctlRequest.TUNSETOFFLOAD,
    IFF_UP: linux.interfaceFlag.up,
    IFF_TAP: linux.tunFlag.tap,
    IFF_NO_PI: linux.tunFlag.noPacketInfo,
    "IFNAMSIZ - 1": linux.interfaceNameMax,
    "sizeof(struct ifreq)": linux.ifreqSize,
    "offsetof(struct ifreq, ifr_flags)": ifreq.offsets.value,
    "offsetof(struct ifreq, ifr_mtu)": ifreq.offsets.value,
  });
});

test("an interface request says what was put in", () => {
  const data = ifrequest("tap0", 0x1002);
  assert.equal(data.length, 40);
  assert.deepEqual(readIfreq(data), { name: "tap0", value: 0x1002 });
  const long = ifrequest("interface0123456789");
  assert.equal(readIfreq(long).name.length <= 16, true);
});
