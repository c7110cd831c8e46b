// There is no C library to call: what needs one has a system call instead, or is left to Node.
export const hasLibc = (): boolean => false;
