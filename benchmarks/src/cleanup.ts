/** What has to be put away at the end, newest first. */
export type Cleanup = {
  add(step: () => Promise<unknown>): void;
  /** Does everything even if some of it fails; returns what failed. Later calls find nothing left to do. */
  run(): Promise<unknown[]>;
};

export function createCleanup(): Cleanup {
  const steps: (() => Promise<unknown>)[] = [];
  return {
    add: (step) => {
      steps.push(step);
    },
    run: async () => {
      const errors: unknown[] = [];
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        await step().catch((error: unknown) => errors.push(error));
      }
      return errors;
    },
  };
}
