// FreeBSD's and OpenBSD's error numbers, as far as both have the same: errno(2) of each. Up to 34 they are those of any Unix.
import { errorNumbers as linux } from "../linux/errno.js";

/** The first that 4.2BSD added. */
const firstOfBsd = 35;

const own = {
  EDEADLK: 11,
  EAGAIN: 35,
  EINPROGRESS: 36,
  EALREADY: 37,
  ENOTSOCK: 38,
  EDESTADDRREQ: 39,
  EMSGSIZE: 40,
  EPROTOTYPE: 41,
  ENOPROTOOPT: 42,
  EPROTONOSUPPORT: 43,
  ESOCKTNOSUPPORT: 44,
  ENOTSUP: 45,
  EPFNOSUPPORT: 46,
  EAFNOSUPPORT: 47,
  EADDRINUSE: 48,
  EADDRNOTAVAIL: 49,
  ENETDOWN: 50,
  ENETUNREACH: 51,
  ENETRESET: 52,
  ECONNABORTED: 53,
  ECONNRESET: 54,
  ENOBUFS: 55,
  EISCONN: 56,
  ENOTCONN: 57,
  ESHUTDOWN: 58,
  ETOOMANYREFS: 59,
  ETIMEDOUT: 60,
  ECONNREFUSED: 61,
  ELOOP: 62,
  ENAMETOOLONG: 63,
  EHOSTDOWN: 64,
  EHOSTUNREACH: 65,
  ENOTEMPTY: 66,
  EUSERS: 68,
  EDQUOT: 69,
  ESTALE: 70,
  EREMOTE: 71,
  ENOLCK: 77,
  ENOSYS: 78,
} as const;

const names: ReadonlyMap<number, string> = new Map([
  ...Object.entries(linux)
    .filter(([name, number]) => number < firstOfBsd && !(name in own))
    .map(([name, number]) => [number, name] as const),
  ...Object.entries(own).map(([name, number]) => [number, name] as const),
]);

/** The name of a positive number. */
export const errorName = (number: number): string => names.get(number) ?? `Unknown error: ${number}`;
