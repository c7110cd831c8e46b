// What of GNU objcopy's options a change of a file consists of.

export type IsNamed = (name: string) => boolean;

/** What of GNU objcopy's options a change consists of, in the manual's words. */
export interface Changes {
  /** Drop symbols and all that is not loaded; of a relocatable file, which needs its symbols, only `debug`. */
  readonly stripAll?: boolean;
  /** Drop debug information. */
  readonly debug?: boolean;
  /** Drop symbols that no relocation needs, and `debug`. */
  readonly unneeded?: boolean;
  /** Drop local symbols, or those of them that compilers made (`.L`). */
  readonly discard?: "all" | "labels";
  /** Make sections that are loaded empty: what is left is for a debugger. */
  readonly onlyKeepDebug?: boolean;
  /** Drop all other sections, drop these, or keep these whatever else is asked. */
  readonly only?: IsNamed;
  readonly remove?: IsNamed;
  readonly keepSection?: IsNamed;
  readonly stripSymbol?: IsNamed;
  readonly keepSymbol?: IsNamed;
  /** Change the binding of these symbols. */
  readonly localize?: IsNamed;
  readonly globalize?: IsNamed;
  readonly weaken?: IsNamed;
  readonly symbolName?: (name: string) => string;
  readonly sectionName?: (name: string, isAllocated: boolean) => string;
  /** By the old name. */
  readonly sectionFlags?: (name: string) => SectionFlags | undefined;
  readonly add?: readonly NewSection[];
  readonly update?: readonly NewSection[];
}

export interface NewSection {
  readonly name: string;
  readonly data: Uint8Array;
}

export interface SectionFlags {
  /** SHF_*. */
  readonly flags: bigint;
  /** Whether the file has its bytes. */
  readonly contents: boolean;
}
