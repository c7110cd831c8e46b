// process.rlimits: getrlimit(2). A limit that may not be raised stays as it is: managers ask for more than some hosts give, and a
// unikernel opens what it opens before it runs.
import { viewOf } from "../bytes/struct.js";
import { strerror } from "../abi/linux/errno.js";
import { tryCall } from "../host/linux/host-call.js";
import { configError } from "./config/check.js";
import type { Config } from "./config/types.js";

const resources = [
  "CPU",
  "FSIZE",
  "DATA",
  "STACK",
  "CORE",
  "RSS",
  "NPROC",
  "NOFILE",
  "MEMLOCK",
  "AS",
  "LOCKS",
  "SIGPENDING",
  "MSGQUEUE",
  "NICE",
  "RTPRIO",
  "RTTIME",
];

const numberOf = (type: string): number => resources.indexOf(type.replace(/^RLIMIT_/, ""));

export function checkRlimits({ process: { rlimits = [] } }: Config): void {
  const seen = new Set<string>();
  for (const [i, { type, soft, hard }] of rlimits.entries()) {
    const field = `process.rlimits[${i}]`;
    if (!type.startsWith("RLIMIT_") || numberOf(type) < 0)
      throw configError(`${field}.type`, `${type} is not known`);
    if (seen.has(type)) throw configError(`${field}.type`, `${type} is given twice`);
    if (soft > hard && hard >= 0) throw configError(`${field}.soft`, `${soft} is more than hard`);
    seen.add(type);
  }
}

/** Sets the limits of the process `pid`; `log` takes a line for each that may not be set. Throws Solo5Error. */
export function setRlimits(
  pid: number,
  { process: { rlimits = [] } }: Config,
  log: (line: string) => void,
): void {
  const permission = -1;
  for (const { type, soft, hard } of rlimits) {
    const limit = new Uint8Array(16);
    viewOf(limit).setBigUint64(0, limitBits(soft), true);
    viewOf(limit).setBigUint64(8, limitBits(hard), true);
    const result = tryCall("prlimit64", pid, numberOf(type), limit, 0);
    if (result === permission)
      log(`process.rlimits: ${type} ${soft}:${hard}: ${strerror(-result)}: it stays as it is`);
    else if (result < 0) throw configError("process.rlimits", `${type}: ${strerror(-result)}`);
  }
}

/** Numbers from 2^63 up, and -1, are RLIM_INFINITY: JSON's numbers do not hold it exactly. */
const limitBits = (value: number): bigint =>
  value < 0 || value >= 2 ** 63 ? 0xffff_ffff_ffff_ffffn : BigInt(value);
