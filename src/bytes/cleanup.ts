// What has been opened is closed in the opposite order, whatever goes wrong on the way: what comes later may use what came
// before.

/** Takes what undoes a step, when the step is done. */
export interface Cleanup {
  push(undo: () => void): void;
}

export interface CleanupStack extends Cleanup {
  /** Undoes everything, the last step first; again is nothing. Throws the first error, when all else is undone. */
  release(): void;
}

export function createCleanup(): CleanupStack {
  const steps: (() => void)[] = [];
  return {
    push: (undo) => void steps.push(undo),
    release() {
      const errors: unknown[] = [];
      for (let undo; (undo = steps.pop()) !== undefined;) {
        try {
          undo();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}
