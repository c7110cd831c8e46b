// Which translator this is, for whoever keeps what it made. The build writes a hash of the engine's own modules in here
// (src/cli/stamp-translator.ts), so that no change of them can be forgotten; before that nothing is kept.

/** What stands for the version in a build that has not been stamped. */
export const unstamped = "unstamped";

export const translatorVersion: string = "unstamped";
