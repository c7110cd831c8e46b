// What the guest's thread and the one that translates say to each other. Sessions follow each other, as mappings and code
// change; a message belongs to one.
import type { WasmModule } from "../../../wasm/host.js";
import type { ProfileNews } from "../tiers/call-profile.js";
import type { RunChanges } from "../memory/run-map.js";
import type { MemoryShape } from "../ir/access.js";
import type { Wanted } from "./translator.js";
import type { TranslatedUnit } from "../link/units.js";

/** Begins a session, with a copy of the guest's code. */
interface Begin {
  readonly kind: "begin";
  readonly session: number;
  /** Guest memory from address 0 to the first page that the guest may write. */
  readonly bytes: Uint8Array;
  /** Which of its pages may be executed: 1. */
  readonly executable: Uint8Array;
  readonly shape: MemoryShape;
  readonly exact: boolean;
  readonly keepsFlags: boolean;
  readonly memoryPages: number;
  /** What an earlier run has left: guest addresses of the slots in their order, known entries, units that there are. */
  readonly slots: readonly number[];
  readonly entries: readonly number[];
  readonly made: readonly number[];
}

/** Has functions translated; answered by one `Made` or more, the last of them `isLast`. */
/** An address that became hot when so many batches had been taken. */
export interface Asked extends Wanted {
  readonly taken: number;
}

interface Want {
  readonly kind: "want";
  readonly session: number;
  readonly hot: readonly Asked[];
  /** Addresses whose units are to work with stacks near the end of memory. */
  readonly careful: readonly number[];
  /** Addresses whose units are to be made again, and all instructions whose loads look at the page map. */
  readonly again: readonly number[];
  readonly lookedUp: readonly number[];
  /** What has happened since the last time: instructions that ran, where calls and jumps went. */
  readonly ran: RunChanges;
  readonly calls: readonly ProfileNews[];
  /** How often addresses have been jumped to: an address, then its count. */
  readonly counts: Float64Array;
}

interface End {
  readonly kind: "end";
  readonly session: number;
}

export type Request = Begin | Want | End;
export type { Begin, Want };

/** The thread has had nothing to do for long, and will be ended. */
export interface Idle {
  readonly kind: "idle";
}

export type Answer = Made | Idle;

export interface Made {
  readonly kind: "made";
  readonly session: number;
  readonly isLast: boolean;
  /** Addresses that translate to nothing, since the last time. */
  readonly barren: readonly number[];
  readonly batch?: MadeBatch | undefined;
}

export interface MadeBatch {
  readonly module: WasmModule;
  readonly wasmBytes: number;
  readonly guestBytes: number;
  readonly units: readonly TranslatedUnit[];
  readonly covered: readonly number[];
  /** Slots that have been given since the last time. */
  readonly slots: readonly number[];
  readonly entries: readonly number[];
  /** Pages that it follows from, each with the hash of what it held. */
  readonly pages: readonly number[];
  readonly tables: readonly number[];
}
