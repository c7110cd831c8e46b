// genode: the library that a unikernel for Genode is linked against, and what its dynamic linker knows. docs/abi.md 10.

/** The library that the stub stands for; what precedes the last slash of a name that is needed is not looked at. */
export const libraryName = "solo5.lib.so";

/** Functions of the library, by their order here, with the number of their arguments. */
export const functions = {
  solo5_console_write: 2,
  solo5_exit: 1,
  solo5_abort: 0,
  solo5_clock_monotonic: 0,
  solo5_clock_wall: 0,
  solo5_yield: 2,
  solo5_net_acquire: 3,
  solo5_net_write: 3,
  solo5_net_read: 4,
  solo5_block_acquire: 3,
  solo5_block_write: 4,
  solo5_block_read: 4,
  solo5_set_tls_base: 1,
  __stack_chk_fail: 0,
} as const satisfies Readonly<Record<string, number>>;
export type FunctionName = keyof typeof functions;
export const functionNames = Object.keys(functions) as readonly FunctionName[];

/** Its one object: the stack protector's guard. Bytes. */
export const guardName = "__stack_chk_guard";
export const guardSize = 8;

/** What the unikernel exports. */
export const entryName = "solo5_app_main";
export const manifestName = "__solo5_mft1_note";

/** Relocations that Genode's linker knows, by their type for x86-64; System V psABI, section 4.4. */
export const relocationType = { absolute: 1, copy: 5, globDat: 6, jumpSlot: 7, relative: 8 } as const;
/** And those that thread-local storage has, which it does not. */
export const tlsRelocations: ReadonlySet<number> = new Set([16, 17, 18, 19, 20, 21, 22, 23]);

export const stackSize = 0x8_0000;
/** Of the command line, with its NUL, in bytes. */
export const cmdlineSize = 1024;
export const frameMtu = 1500;
