import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { expect, test } from 'vitest';
import { type Enqueued, outcomeIn } from './enqueue.ts';

const asked: Enqueued = { atMillis: 1_000, isQueued: true, attempts: new Map([['main', 3]]) };

function statusAt(atMillis: number, { due = 0, inFlight = 0 } = {}) {
  return { at_millis: atMillis, pipeline: { requests: { due, in_flight: inFlight } } };
}

/** The parts of a status that are looked at. */
function database(state: ExternalDatabaseSyncStatus['state'], attempts?: number, ofTable?: number) {
  const error = attempts === undefined ? null : { attempts };
  const mappings = [{ error: ofTable === undefined ? null : { attempts: ofTable } }, { error: null }];
  return { id: 'main', state, error, mappings } as ExternalDatabaseSyncStatus;
}

test('it is done once nothing is on its way any more, by a look that is later', () => {
  expect(outcomeIn(asked, statusAt(990), database('fresh'))).toBe('awaited');
  expect(outcomeIn(asked, statusAt(1_010, { due: 1 }), database('fresh'))).toBe('awaited');
  expect(outcomeIn(asked, statusAt(1_010, { inFlight: 1 }), database('behind'))).toBe('awaited');
  expect(outcomeIn(asked, statusAt(1_010), database('fresh'))).toBe('synced');
});

test('a database that was failing has failed again once one more attempt is counted, be it of a table', () => {
  expect(outcomeIn(asked, statusAt(1_010), database('failing', 3))).toBe('awaited');
  expect(outcomeIn(asked, statusAt(1_010), database('failing', 4))).toBe('failed');
  expect(outcomeIn(asked, statusAt(1_010), database('failing', 3, 1))).toBe('failed');
});

test('rows that are parked keep nothing from being done', () => {
  expect(outcomeIn(asked, statusAt(1_010), database('failing'))).toBe('synced');
});

test('nothing is awaited of a database that is paused', () => {
  expect(outcomeIn(asked, statusAt(1_010, { due: 1 }), database('paused'))).toBe('paused');
});
