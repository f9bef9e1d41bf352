import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@hexclave/db';
import { findFaketime } from '../stage/faketime.ts';
import { patiently } from '../stage/patience.ts';
import { chosen, type FaultKind } from './fault.ts';
import { nudge } from './nudge.ts';

const AN_HOUR = 3_600;

/** The clock of a server process jumps, and jumps back: leases and pauses go by the internal database's clock, positions by none. */
const ofProcess: FaultKind = {
  name: 'clock moved, server process',
  uses: ({ choice }) => [`worker ${choice % 3}`],
  strike: async ({ workers }, { choice, holdMs }) => {
    const worker = chosen(workers, choice);
    const before = Date.now();
    await worker.moveClock(choice % 2 === 0 ? AN_HOUR : -AN_HOUR);
    try {
      const shown = await worker.call('clock').catch(() => before);
      await delay(holdMs);
      return { struck: hasMoved(shown, before, AN_HOUR) };
    } finally {
      await worker.moveClock(0);
    }
  },
};

/** Longer than any lease and any pause; shorter than the time that is skipped once a run is over. */
const FIVE_MINUTES = 300;

/** The one clock that leases and pauses go by: ahead, every claim is void; back again, pauses are longer than they were meant. */
const ofInternalDatabase: FaultKind = {
  name: 'clock moved, internal database',
  uses: () => ['internal'],
  strike: async (stage, { choice, holdMs }) => {
    const { internal, clusters } = stage;
    await clusters.clock?.move(choice % 2 === 0 ? FIVE_MINUTES : -FIVE_MINUTES);
    try {
      const shown = await patiently(() => clockOf(internal));
      const struck = hasMoved(shown, Date.now(), FIVE_MINUTES);
      await nudge(stage, chosen(stage.targets, choice), choice);
      await delay(holdMs);
      return { struck };
    } finally {
      await clusters.clock?.move(0);
      await endLostWaits(internal);
    }
  },
};

/** What the database itself says, in ms since 1970. */
async function clockOf(db: Database): Promise<number> {
  const [row] = await db.query<{ ms: number }>('SELECT extract(epoch FROM now())::float8 * 1000 AS ms');
  return row?.ms ?? Number.NaN;
}

function hasMoved(shownMs: number, trueMs: number, seconds: number): number {
  return Math.abs(shownMs - trueMs) > (seconds * 1_000) / 2 ? 1 : 0;
}

const LOST_WAITS = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`;
/** Who read the clock before it was moved may begin to wait a moment later. */
const LOOKS_FOR_WAITS = 5;
const BETWEEN_LOOKS_MS = 100;

/**
 * PostgreSQL sets its own alarms by the clock: whoever waits for a lock when that is set back looks for a deadlock, or gives
 * up, only when the time has come again. An operator ends such waits, and so does this.
 */
async function endLostWaits(db: Database): Promise<void> {
  for (let look = 0; look < LOOKS_FOR_WAITS; look++) {
    await patiently(() => db.query(LOST_WAITS));
    await delay(BETWEEN_LOOKS_MS);
  }
}

export const CLOCK_FAULTS: readonly FaultKind[] = [ofProcess, ofInternalDatabase];

/** Whether a kind of fault cannot strike on this machine. */
export function isLeftOut(name: string): boolean {
  return CLOCK_FAULTS.some((kind) => kind.name === name) && findFaketime() === null;
}
