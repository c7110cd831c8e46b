// The numbers of the system that this process runs on.
import { posixNumbers, type PosixNumbers } from "../../abi/posix.js";

const bySystem: Readonly<Partial<Record<NodeJS.Platform, PosixNumbers>>> = posixNumbers;

/** Linux's where there is nothing to call. */
export const numbers: PosixNumbers = bySystem[process.platform] ?? posixNumbers.linux;
