// A pair of connected datagram sockets: frames stay whole, and the other side's end makes no noise. unix(7).
import { check, libc } from "../libc.js";
import { numbers } from "../numbers.js";

const afUnix = 1;
const sockStream = 1;
const sockDgram = 2;
/** As large as an unprivileged process may ask; the kernel takes less where its limit is lower. */
const sendBuffer = 0x40_0000;

/** Two ends of a stream, which block, and do not survive exec. Throws Solo5Error. */
export function streamPair(): readonly [number, number] {
  const fds = new Int32Array(2);
  check(libc().socketpair(afUnix, sockStream | numbers.SOCK_CLOEXEC, 0, fds), "socketpair");
  const [a = -1, b = -1] = fds;
  return [a, b];
}

/** Two descriptors, neither of which blocks or survives exec. Throws Solo5Error. */
export function socketPair(): readonly [number, number] {
  const fds = new Int32Array(2);
  check(
    libc().socketpair(afUnix, sockDgram | numbers.SOCK_NONBLOCK | numbers.SOCK_CLOEXEC, 0, fds),
    "socketpair",
  );
  const [a = -1, b = -1] = fds;
  // Bindings turn a full buffer into a lost frame.
  for (const fd of [a, b])
    libc().setsockopt(fd, numbers.SOL_SOCKET, numbers.SO_SNDBUF, Int32Array.of(sendBuffer), 4);
  return [a, b];
}
