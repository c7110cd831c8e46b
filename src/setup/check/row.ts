// What `solo5 check` finds: a thing, whether it is there, and what to do about it where it is not.

/** `partly`: something else does the work, or part of it. */
export type CheckState = "yes" | "partly" | "no";

export interface CheckRow {
  /** Stable, for programs. */
  readonly name: string;
  readonly state: CheckState;
  readonly says: string;
  readonly wayOut?: string | undefined;
}

/** A row of a reason as the rest of the project gives them: what is wrong, a colon, the way out. */
export function refusal(name: string, state: CheckState, reason: string): CheckRow {
  const at = reason.indexOf(": ");
  return at < 0
    ? { name, state, says: reason }
    : { name, state, says: reason.slice(0, at), wayOut: reason.slice(at + 2) };
}
