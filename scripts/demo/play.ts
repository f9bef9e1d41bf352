import type { Phase, Step } from './workload.ts';

/** Told how far it is. */
export type Progress = {
  begin(phase: Phase): void;
  step(): void;
  end(): void;
};

const WORKERS = 4;

/** Runs the phases one after the other, with a bounded number of calls at once. Returns the number of steps. */
export async function play(phases: Phase[], progress: Progress, signal: AbortSignal): Promise<number> {
  try {
    for (const phase of phases) {
      progress.begin(phase);
      await runAll(phase.steps, progress, signal);
    }
  } finally {
    progress.end();
  }
  return phases.reduce((total, { steps }) => total + steps.length, 0);
}

async function runAll(steps: Step[], progress: Progress, signal: AbortSignal): Promise<void> {
  const waiting = steps.values();
  const failed = new AbortController();
  const work = async () => {
    for (const step of waiting) {
      signal.throwIfAborted();
      if (failed.signal.aborted) return;
      await step();
      progress.step();
    }
  };
  const workers = Array.from({ length: WORKERS }, () =>
    work().catch((error: unknown) => {
      failed.abort();
      throw error;
    }),
  );
  await Promise.all(workers);
}
