import type { ProfiledOn, ProfiledStatement, ProfileSkipReason } from '@hexclave/config';
import type pg from 'pg';
import type { AppliedRows, DestinationConnection } from '../destination.ts';
import { type Explainable, explainSource } from './postgres/explain-source.ts';
import type { Sample, SampledFrom } from './sample.ts';
import type { ExpectedIndex, Probe } from './source.ts';
import {
  asFound,
  EXISTING_INDEXES,
  expectedIndexes,
  fetchBulkStatement,
  fetchCopyStatement,
  fetchStatement,
  sequencingStatement,
} from './statements.ts';

/** What the statements of one mapping are measured with. */
export type Subject = {
  readonly from: SampledFrom;
  readonly sample: Sample;
  /** Anything may be run in the external database. */
  readonly mayWrite: boolean;
  /** See `ProfileRequest`. */
  readonly fireTriggers: boolean;
  /** Connects at the first call. */
  connection(): Promise<DestinationConnection>;
};

/** Readies each statement to be measured: one that is missing does not compile. */
export const PROBES: Readonly<Record<ProfiledStatement, (subject: Subject) => Promise<Probe>>> = {
  sequencing: (subject) =>
    internalProbe(subject, 'sequencing', async ({ sample, from: { table, tenancyId } }) =>
      (await sample.hasRows()) ? sequencingStatement(table, tenancyId) : null,
    ),
  fetch: (subject) =>
    internalProbe(subject, 'fetch', async ({ sample, from: { route, tenancyId } }) => {
      const cursor = await sample.pageCursor();
      return cursor === null ? null : fetchStatement(route, tenancyId, cursor);
    }),
  fetch_deletions: (subject) =>
    internalProbe(subject, 'fetch_deletions', async ({ sample, from: { route, tenancyId } }) => {
      const cursor = await sample.deletionsCursor();
      return cursor === null ? null : fetchStatement(route, tenancyId, cursor);
    }),
  fetch_bulk: (subject) =>
    internalProbe(subject, 'fetch_bulk', async ({ sample, from: { route, tenancyId } }) => {
      const range = await sample.batchRange();
      return range === null ? null : fetchBulkStatement(route, tenancyId, range);
    }),
  fetch_copy: (subject) =>
    internalProbe(subject, 'fetch_copy', async ({ sample, from: { route, tenancyId } }) => {
      const range = await sample.copyRange();
      return range === null ? null : fetchCopyStatement(route, tenancyId, range);
    }),
  apply: (subject) => externalProbe(subject, (sample) => pageOf('apply', sample)),
  apply_deletions: (subject) => externalProbe(subject, (sample) => pageOf('apply_deletions', sample)),
  stage: (subject) => externalProbe(subject, (sample) => batchOf('stage', sample)),
  merge: (subject) => externalProbe(subject, (sample) => batchOf('merge', sample)),
  merge_deletions: (subject) => externalProbe(subject, (sample) => batchOf('merge_deletions', sample)),
};

async function internalProbe(
  subject: Subject,
  statement: ProfiledOn<'internal'>,
  compile: (subject: Subject) => Promise<Explainable | null>,
): Promise<Probe> {
  const explainable = await compile(subject);
  if (explainable === null) return skipped(statement === 'fetch_deletions' ? 'NO_DELETIONS' : 'NO_ROWS');
  const { session, table } = subject.from;
  const indexes = await findIndexes(session.client, expectedIndexes(statement, table));
  return { kind: 'ready', source: explainSource(session, explainable), indexes, server: session.server.version };
}

async function findIndexes(
  client: pg.ClientBase,
  expected: ReturnType<typeof expectedIndexes>,
): Promise<ExpectedIndex[]> {
  const { rows } = await client.query<{ name: string; valid: boolean }>(EXISTING_INDEXES, [
    expected.map(({ name }) => name),
  ]);
  return expected.map((index) =>
    asFound(
      index,
      rows.find(({ name }) => name === index.name),
    ),
  );
}

async function externalProbe(
  { mayWrite, sample, connection, from, fireTriggers }: Subject,
  read: (sample: Sample) => Promise<AppliedRows | null>,
): Promise<Probe> {
  if (!mayWrite) return skipped('PAUSED');
  const applied = await read(sample);
  if (applied === null) return skipped('NO_ROWS');
  const { profiling } = await connection();
  return profiling === undefined ? skipped('NOT_SUPPORTED') : profiling.probe(from.route.target, applied, fireTriggers);
}

async function pageOf(statement: 'apply' | 'apply_deletions', sample: Sample): Promise<AppliedRows | null> {
  const rows = await sample.page();
  return rows === null || rows.length === 0 ? null : { statement, rows };
}

async function batchOf(statement: 'stage' | 'merge' | 'merge_deletions', sample: Sample): Promise<AppliedRows | null> {
  const batch = await sample.batch();
  return batch === null || batch.length === 0 ? null : { statement, batch };
}

const SKIPPED = {
  NO_ROWS: { reason: 'NO_ROWS', message: 'The project has no row of this table that could be used.' },
  NO_DELETIONS: { reason: 'NO_ROWS', message: 'No deletion of this table is kept: none is on its way to a copy.' },
  PAUSED: {
    reason: 'PAUSED',
    message: 'The external database is paused, or the sync engine is switched off: nothing is run there.',
  },
  NOT_SUPPORTED: { reason: 'NOT_SUPPORTED', message: 'This kind of external database measures nothing.' },
} as const satisfies Record<string, { reason: ProfileSkipReason; message: string }>;

function skipped(why: keyof typeof SKIPPED): Probe {
  return { kind: 'skipped', ...SKIPPED[why] };
}
