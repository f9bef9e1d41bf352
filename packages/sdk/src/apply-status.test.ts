import type { StatusChange, StatusSnapshot } from '@hexclave/contract';
import { expect, test } from 'vitest';
import { applyStatusMessage } from './index.ts';

/** Only what is merged matters here: ids, states, times. */
const snapshot = (status: object) => ({ type: 'snapshot', data: status as StatusSnapshot }) as const;
const change = (data: object) => ({ type: 'change', data: data as StatusChange }) as const;

const project = snapshot({
  scope: 'tenancy',
  at_millis: 1,
  state: 'fresh',
  external_databases: [
    { id: 'a', state: 'fresh' },
    { id: 'b', state: 'fresh' },
  ],
  pipeline: 'first',
});

test('before the first snapshot there is no status', () => {
  expect(applyStatusMessage(undefined, change({ scope: 'tenancy', at_millis: 2 }))).toBeUndefined();
});

test('what has changed takes its old place, what is new comes last, what is gone goes', () => {
  const before = applyStatusMessage(undefined, project);
  const after = applyStatusMessage(
    before,
    change({
      scope: 'tenancy',
      at_millis: 2,
      external_databases: [
        { id: 'c', state: 'paused' },
        { id: 'a', state: 'failing' },
      ],
      removed_external_databases: ['b'],
    }),
  );
  expect(after).toEqual({
    scope: 'tenancy',
    at_millis: 2,
    state: 'failing',
    external_databases: [
      { id: 'a', state: 'failing' },
      { id: 'c', state: 'paused' },
    ],
    pipeline: 'first',
  });
  expect(before).toBe(project.data);
});

test('a heartbeat only moves the time, and a lost connection nothing', () => {
  const before = applyStatusMessage(undefined, project);
  expect(applyStatusMessage(before, { type: 'heartbeat', data: { at_millis: 9 } })).toEqual({
    ...before,
    at_millis: 9,
  });
  expect(applyStatusMessage(before, { type: 'disconnected', error: new Error('lost'), retryInMs: 1 })).toBe(before);
});

test('of all projects, those that have become fresh belong to the list no longer', () => {
  const before = applyStatusMessage(
    undefined,
    snapshot({
      scope: 'all',
      at_millis: 1,
      projects: [
        { tenancy_id: 'x', state: 'failing' },
        { tenancy_id: 'y', state: 'behind' },
        { tenancy_id: 'z', state: 'paused' },
      ],
    }),
  );
  const after = applyStatusMessage(
    before,
    change({ scope: 'all', at_millis: 2, projects: [{ tenancy_id: 'x', state: 'fresh' }], removed_projects: ['z'] }),
  );
  expect(after).toMatchObject({ at_millis: 2, projects: [{ tenancy_id: 'y', state: 'behind' }] });
});
