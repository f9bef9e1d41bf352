import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { expect, test } from 'vitest';
import { arrivalIn, type Write } from './arrivals.ts';

const write: Write = {
  projectId: 'p',
  what: 'Ada was created',
  mapping: 'users',
  find: undefined,
  sentMillis: 1_000,
  savedMillis: 1_020,
};

type Told = { through: number | null; behind: number | null; applied: number | null; state?: string };

/** The parts of a status that are looked at. */
function database({ through, behind, applied, state = 'fresh' }: Told): ExternalDatabaseSyncStatus {
  return {
    fresh_through_millis: through,
    behind_millis: behind,
    state,
    mappings: [{ mapping: 'users', last_applied_at_millis: applied }],
  } as ExternalDatabaseSyncStatus;
}

test('a row has arrived once everything up to its writing is there, and its table was written to', () => {
  const before = database({ through: 990, behind: 0, applied: 400 });
  expect(arrivalIn(write, before, 990)).toEqual({ state: 'awaited' });
  // Told of a moment after it, but by a clock that is only nearly known: nothing was written yet.
  expect(arrivalIn(write, before, 1_025)).toEqual({ state: 'awaited' });
  const after = database({ through: 1_050, behind: 0, applied: 1_031 });
  expect(arrivalIn(write, after, 1_050)).toEqual({ state: 'arrived', withinMs: 31 });
});

test('other rows that arrive are no sign of it', () => {
  const busy = database({ through: 1_010, behind: 200, applied: 1_200 });
  expect(arrivalIn(write, busy, 1_210)).toEqual({ state: 'awaited' });
});

test('a change of what is not copied is not awaited for ever', () => {
  const idle = database({ through: 1_000, behind: 0, applied: 400 });
  expect(arrivalIn(write, idle, 4_000)).toEqual({ state: 'arrived', withinMs: undefined });
});

test('a database that is paused or fails holds it up', () => {
  for (const state of ['paused', 'failing']) {
    const stopped = database({ through: 1_000, behind: 900, applied: 400, state });
    expect(arrivalIn(write, stopped, 1_900)).toEqual({ state: 'held-up' });
  }
});
