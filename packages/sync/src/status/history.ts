import type { Queryable } from '@hexclave/db';
import { RATE_SPAN_MS, rateOf } from './judge.ts';

/** One point of the pipeline's charts. */
export type PipelinePoint = {
  readonly at: Date;
  readonly numberedPerSecond: number;
  readonly appliedPerSecond: number;
  readonly rowsPending: number;
  readonly requestsPending: number;
  readonly requestsInFlight: number;
  readonly oldestDueMs: number;
  readonly failingProjects: number;
};

/** One point of an external database's charts. */
export type DatabasePoint = {
  readonly at: Date;
  readonly behindMs: number | null;
  readonly mappings: Readonly<Record<string, { readonly perSecond: number; readonly behind: number | null }>>;
};

type PipelineRow = {
  at: Date;
  lastNumber: bigint;
  rowsApplied: bigint;
  rowsPending: bigint;
  requestsPending: bigint;
  requestsInFlight: bigint;
  oldestDueMs: bigint;
  failingProjects: bigint;
};

/** The last hour of the pipeline, the oldest first. */
export async function readPipelineHistory(tx: Queryable): Promise<PipelinePoint[]> {
  const rows = await tx.query<PipelineRow>(
    `SELECT "at", "lastNumber", "rowsApplied", "rowsPending", "requestsPending", "requestsInFlight", "oldestDueMs", "failingProjects"
     FROM "PipelineSample" WHERE "at" > now() - interval '1 hour' ORDER BY "at"`,
  );
  return rows.slice(1).map((row, index) => toPoint(row, rows[index] ?? row));
}

function toPoint(row: PipelineRow, before: PipelineRow): PipelinePoint {
  return {
    at: row.at,
    numberedPerSecond: rateBetween(before, row, (sample) => Number(sample.lastNumber)),
    appliedPerSecond: rateBetween(before, row, (sample) => Number(sample.rowsApplied)),
    rowsPending: Number(row.rowsPending),
    requestsPending: Number(row.requestsPending),
    requestsInFlight: Number(row.requestsInFlight),
    oldestDueMs: Number(row.oldestDueMs),
    failingProjects: Number(row.failingProjects),
  };
}

/** Differences are exact as long as the numbers themselves may be rounded: some in 2^53. */
function rateBetween<Row extends { at: Date }>(before: Row, row: Row, value: (row: Row) => number): number {
  return rateOf(value(row) - value(before), before.at, row.at);
}

type DatabaseRow = {
  id: string;
  at: Date;
  behindMs: bigint | null;
  mappings: Record<string, { applied: number; behind: number | null }>;
};

/** The last hour of a tenancy's external databases, or of one of them, the oldest first. */
export async function readDatabaseHistory(
  tx: Queryable,
  tenancyId: string,
  externalDatabaseId: string | null,
): Promise<Map<string, DatabasePoint[]>> {
  const rows = await tx.query<DatabaseRow>(
    `SELECT "externalDatabaseId" AS id, "at", "behindMs", "mappings" FROM "ExternalDatabaseSample"
     WHERE "tenancyId" = $1 AND "externalDatabaseId" = COALESCE($2, "externalDatabaseId") AND "at" > now() - interval '1 hour'
     ORDER BY 1, 2`,
    [tenancyId, externalDatabaseId],
  );
  const points = new Map<string, DatabasePoint[]>();
  rows.forEach((row, index) => {
    const before = rows[index - 1];
    const own = points.get(row.id) ?? [];
    own.push(toDatabasePoint(row, before?.id === row.id ? before : undefined));
    points.set(row.id, own);
  });
  return points;
}

/** Before the first sample nothing had happened for an hour, or ever: what it tells of was done shortly before it. */
function toDatabasePoint(row: DatabaseRow, before: DatabaseRow | undefined): DatabasePoint {
  const from = before?.at ?? new Date(row.at.getTime() - RATE_SPAN_MS);
  const mappings = Object.entries(row.mappings).map(([name, { applied, behind }]) => {
    const done = before === undefined ? 0 : applied - (before.mappings[name]?.applied ?? 0);
    return [name, { perSecond: rateOf(done, from, row.at), behind }] as const;
  });
  return {
    at: row.at,
    behindMs: row.behindMs === null ? null : Number(row.behindMs),
    mappings: Object.fromEntries(mappings),
  };
}
