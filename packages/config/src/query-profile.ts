/**
 * The statements of a copy that a profile measures, in the order in which they are told: how a change goes its way, one
 * that deletes a row, a large batch of changes, and the first copy. `does`: what each does, for people.
 */
export const PROFILED_STATEMENTS = {
  sequencing: { side: 'internal', does: 'gives changed rows their numbers' },
  fetch: { side: 'internal', does: 'reads a page of changes' },
  apply: { side: 'external', does: 'writes that page' },
  fetch_deletions: { side: 'internal', does: 'reads a page of changes with deleted rows among them' },
  apply_deletions: { side: 'external', does: 'deletes a page of rows' },
  fetch_bulk: { side: 'internal', does: 'reads a large batch of changes' },
  stage: { side: 'external', does: 'sends that batch into a temporary table' },
  merge: { side: 'external', does: 'writes the batch from there into the table' },
  merge_deletions: { side: 'external', does: 'deletes the rows of such a batch' },
  fetch_copy: { side: 'internal', does: 'reads the first rows of a whole copy' },
} as const satisfies Record<string, { side: 'internal' | 'external'; does: string }>;

export type ProfiledStatement = keyof typeof PROFILED_STATEMENTS;

/** Those that run in the internal, or in the external database. */
export type ProfiledOn<Side extends 'internal' | 'external'> = {
  [Name in ProfiledStatement]: (typeof PROFILED_STATEMENTS)[Name]['side'] extends Side ? Name : never;
}[ProfiledStatement];

export const PROFILED_STATEMENT_NAMES = Object.keys(PROFILED_STATEMENTS) as [ProfiledStatement, ...ProfiledStatement[]];

/** The units that measures are told in. A source that counts in others converts before it answers. */
export const PROFILE_UNITS = ['ms', 'bytes', 'rows', 'records', 'calls'] as const;

export type ProfileUnit = (typeof PROFILE_UNITS)[number];

/** Everything that is measured of a statement, and in which unit. */
export const PROFILE_MEASURES = {
  planning_time: 'ms',
  execution_time: 'ms',
  /** Of the server's process, planning included. */
  cpu_time: 'ms',
  /** Read by a fetch; changed by the others. */
  rows: 'rows',
  buffers_hit: 'bytes',
  buffers_read: 'bytes',
  buffers_dirtied: 'bytes',
  buffers_written: 'bytes',
  temporary_read: 'bytes',
  temporary_written: 'bytes',
  wal_size: 'bytes',
  wal_records: 'records',
  /** How often the server remembers to have run this statement, and how long it took then. */
  usual_calls: 'calls',
  usual_time: 'ms',
} as const satisfies Record<string, ProfileUnit>;

export type ProfileMeasure = keyof typeof PROFILE_MEASURES;

export const PROFILE_MEASURE_NAMES = Object.keys(PROFILE_MEASURES) as [ProfileMeasure, ...ProfileMeasure[]];

/** `unknown`: it was not measured, so nothing is said. The worst first: what is not known may be bad. */
export const PROFILE_VERDICTS = ['bad', 'unknown', 'warning', 'good'] as const;

export type ProfileVerdict = (typeof PROFILE_VERDICTS)[number];

/** What can be wrong with a statement. */
export const PROFILE_FINDINGS = [
  'INDEX_MISSING',
  'TABLE_SCANNED',
  'TEMPORARY_FILES',
  'TRIGGERS_SLOW',
  'REGRESSED',
  'SLOW',
] as const;

export type ProfileFindingCode = (typeof PROFILE_FINDINGS)[number];

/** Why a statement was not run. */
export const PROFILE_SKIP_REASONS = ['NO_ROWS', 'NOT_COPIED_YET', 'PAUSED', 'TRIGGERS', 'NOT_SUPPORTED'] as const;

export type ProfileSkipReason = (typeof PROFILE_SKIP_REASONS)[number];

/** What is compared with the runs before, for as many rows. `pages`: of tables and indexes, from the cache or the disk. */
export const PROFILE_COMPARED = { execution_time: 'ms', cpu_time: 'ms', pages: 'bytes' } as const;

export type ProfileComparedMeasure = keyof typeof PROFILE_COMPARED;

/** Beside what was before, a change is noise unless it is both: so many times as much, and more by so much. */
export const PROFILE_NOISE = { times: 2.5, ms: 20, bytes: 1_000_000 } as const;
