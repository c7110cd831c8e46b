// What every target shares: results, exit statuses, where a unikernel may lie. docs/abi.md 2, 3.2, 4.

/** What a hypercall tells the guest: SOLO5_R_*. */
export const result = { ok: 0, again: 1, invalid: 2, unspecified: 3 } as const;
/** What a device answers: 0 ok, 1 again, 2 invalid, 3 unspecified. */
export type Result = (typeof result)[keyof typeof result];

export const exitStatus = { success: 0, failure: 1, abort: 255 } as const;

/** The lowest guest address at which a unikernel may be linked. */
export const guestMinBase = 0x100000;
/** The command line's limit in bytes, its NUL included. */
export const cmdlineSize = 8192;
/** No virtual machine takes more memory than this. */
export const guestMemMax = 0x1_0000_0000;
/** Memory of a guest where the user says nothing, in MiB. */
export const defaultMemMiB = 512;
