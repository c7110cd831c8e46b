// node:util: names of errors.
import { errorName } from "../../../abi/linux/errno.js";

/** Of a negative number. */
export const getSystemErrorName = (errno: number): string => errorName(-errno);
