// What a user wants to see of a running guest, as plain data that any thread can be given.
/** What is to be seen of a unikernel that runs. */
export interface DebugRequest {
  /** Where a gdb server listens; port 0 for any. */
  readonly gdb?: { readonly address: string; readonly port: number };
  /** The folder for a core file. */
  readonly dumpcore?: string;
  readonly trace?: true;
  /** The file of a recording. */
  readonly record?: string;
  /** Channels, each with the file that gets what passes it. */
  readonly channel?: readonly { readonly name: string; readonly file: string }[];
}
export type DebugTool = keyof DebugRequest;
export const debugTools: readonly DebugTool[] = ["gdb", "dumpcore", "trace", "record", "channel"];
