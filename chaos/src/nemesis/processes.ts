import { setTimeout as delay } from 'node:timers/promises';
import { patiently } from '../stage/patience.ts';
import type { Worker } from '../stage/worker.ts';
import { chosen, type FaultKind, type PlannedFault } from './fault.ts';
import { stateOfProcess } from './process-state.ts';

const uses = ({ choice }: PlannedFault) => [`worker ${choice % 3}`];
const DOWN_MS = 200;

/** SIGKILL, and another process in its place a moment later. */
const kill: FaultKind = {
  name: 'kill -9',
  forgetful: true,
  uses,
  strike: async ({ workers }, { choice }) => {
    const worker = chosen(workers, choice);
    worker.kill('SIGKILL');
    await delay(DOWN_MS);
    await patiently(() => worker.restart());
    return { struck: 1 };
  },
};

/** SIGSTOP: what it was doing, it goes on with later. */
const pause: FaultKind = {
  name: 'pause',
  forgetful: true,
  uses,
  strike: async ({ workers }, { choice, holdMs }) => ({ struck: await pauseWorker(chosen(workers, choice), holdMs) }),
};

/** The same for longer than its leases last: another process takes over, and then it comes back. */
const pausePastLease: FaultKind = {
  name: 'pause past lease',
  forgetful: true,
  uses,
  strike: async ({ workers, internal }, { choice, holdMs }) => {
    const endLeases = async () => {
      await patiently(() =>
        internal.query('UPDATE "OutgoingRequest" SET "leaseExpiresAt" = now() WHERE "startedFulfillingAt" IS NOT NULL'),
      );
    };
    return { struck: await pauseWorker(chosen(workers, choice), holdMs, endLeases) };
  },
};

async function pauseWorker(worker: Worker, holdMs: number, meanwhile?: () => Promise<void>): Promise<number> {
  worker.kill('SIGSTOP');
  try {
    await delay(holdMs / 2);
    const isStopped = (await stateOfProcess(worker.pid)) === 'T';
    await meanwhile?.();
    await delay(holdMs / 2);
    return isStopped ? 1 : 0;
  } finally {
    worker.kill('SIGCONT');
  }
}

export const PROCESS_FAULTS: readonly FaultKind[] = [kill, pause, pausePastLease];
