// What only Node can do: here it is Node that runs. In the small program host/script/leave-to-node.ts stands in this one's place.

/** Called before anything is made: where this is not Node, Node does the whole call anew. */
export function leaveToNode(): void {}

/** Bytes of a unikernel that is not left to Node. */
export const imageMax = 2 ** 30;

/** The file of the program that is this, where it is one by itself. */
export const ownProgram = (): string | undefined => undefined;
