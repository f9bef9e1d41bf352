import type { Database, Queryable } from '@hexclave/db';
import { type BacklogSql, compileBacklog } from '../compile/backlog.ts';
import type { Catalog } from '../declare/catalog.ts';
import { readAttention, readUnnumbered } from './attention.ts';
import { canKeepLags, refreshLags } from './lag.ts';
import type { DatabaseStatus } from './lanes.ts';
import { readPipeline } from './pipeline-status.ts';
import { type ReadTenancies, tenancyReader } from './tenancies.ts';
import { xidBefore } from './xid.ts';

/** Between two samples of the pipeline, in ms. */
export const SAMPLE_EVERY_MS = 10_000;

/** Key of the transaction-level advisory lock under which samples are taken. */
const SAMPLER_LOCK_KEY = '1352394229228';

/** Backlogs of so many tenancies in trouble are counted at each sample; charts of more than those have a gap. */
const MOST_COUNTED = 200;
const COUNT_LIMIT = 10_000;

/** Takes a sample if one is due and nobody else is taking it. Returns whether it did. */
export type Sample = (db: Database) => Promise<boolean>;

export function sampler(catalog: Catalog): Sample {
  const sql = compileBacklog(catalog);
  const readTenancies = tenancyReader(catalog);
  return async (db) => {
    // Every process asks every few seconds, mostly in vain: in one statement.
    if (!(await readDue(db)).pipeline) return false;
    const isTaken = await db.transaction((tx) => sampleIfDue(tx, sql, readTenancies), TRANSACTION);
    if (isTaken && (await canKeepLags(db))) await db.transaction((tx) => refreshLagsAlone(tx, sql), TRANSACTION);
    return isTaken;
  };
}

const TRANSACTION = { durable: false, attempts: 1 } as const;

const DUE = `SELECT NOT EXISTS (SELECT 1 FROM "PipelineSample" WHERE "at" > now() - ${SAMPLE_EVERY_MS - 500} * interval '1 millisecond') AS pipeline,
  NOT EXISTS (SELECT 1 FROM "ExternalDatabaseSample" WHERE "at" > now() - interval '29 seconds') AS databases`;

type Due = { readonly pipeline: boolean; readonly databases: boolean };

async function readDue(queryable: Queryable): Promise<Due> {
  const [due] = await queryable.query<Due>(DUE);
  if (due === undefined) throw new Error('A SELECT without a table returned nothing');
  return due;
}

async function lock(tx: Queryable): Promise<boolean> {
  const [row] = await tx.query<{ taken: boolean }>(`SELECT pg_try_advisory_xact_lock(${SAMPLER_LOCK_KEY}) AS taken`);
  return row?.taken === true;
}

const INDEXES_ONLY = 'SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off';

/** In a transaction of its own: when very many are late it takes longer than all the rest. */
async function refreshLagsAlone(tx: Queryable, sql: BacklogSql): Promise<void> {
  if (!(await lock(tx))) return;
  await tx.query(INDEXES_ONLY);
  await refreshLags(tx, sql);
}

async function sampleIfDue(tx: Queryable, sql: BacklogSql, readTenancies: ReadTenancies): Promise<boolean> {
  if (!(await lock(tx))) return false;
  const due = await readDue(tx);
  if (!due.pipeline) return false;
  await tx.query(INDEXES_ONLY);
  const { counts, first } = await readAttention(tx, await readUnnumbered(tx, sql), { limit: MOST_COUNTED });
  await samplePipeline(tx, sql, counts.failing);
  if (due.databases) {
    const ids = first.filter(({ state }) => state !== 'paused').map(({ tenancyId }) => tenancyId);
    await sampleDatabases(tx, readTenancies, ids);
  }
  await tx.query(PRUNE);
  return true;
}

/** `$1` pending rows, `$2` requests that wait, `$3` in flight, `$4` age of the oldest due one in ms, `$5` failing projects, `$6` since when rows are pending. */
const INSERT_PIPELINE = `
  INSERT INTO "PipelineSample" ("nextXid", "lastNumber", "rowsPending", "requestsPending", "requestsInFlight", "oldestDueMs",
    "failingProjects", "pendingSince", "rowsApplied")
  SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, CASE WHEN s.is_called THEN s.last_value ELSE 0 END, $1, $2, $3, $4, $5, $6::jsonb,
    (SELECT COALESCE(sum("rowsApplied"), 0) FROM "ExternalDatabaseMappingState")
  FROM "global_seq_id" s`;

async function samplePipeline(tx: Queryable, sql: BacklogSql, failing: number): Promise<void> {
  const { at, pending, queue } = await readPipeline(tx, sql);
  const pendingSince = await readPendingSince(tx, sql);
  // Of all external databases: a few thousand rows, read in one go.
  await tx.query('SET LOCAL enable_seqscan = on');
  await tx.query(INSERT_PIPELINE, [
    pending.reduce((sum, { rows }) => sum + rows, 0),
    queue.waiting,
    queue.inFlight,
    queue.oldestDueAt === null ? 0 : Math.max(0, at.getTime() - queue.oldestDueAt.getTime()),
    failing,
    JSON.stringify(pendingSince),
  ]);
}

/** So many tenancies are named whose changes wait for a number. */
const MOST_NAMED = 100;

/** By tenancy, the time of the last sample that none of its waiting changes is older than; '*' for those that are not named. */
async function readPendingSince(tx: Queryable, sql: BacklogSql): Promise<Record<string, string>> {
  const tenancies = await tx.query<{ tenancyId: string; xids: bigint | null }>(sql.pendingTenancies, [MOST_NAMED + 1]);
  if (tenancies.length === 0) return {};
  const rows = await tx.query<{ tenancyId: string; since: string }>(PENDING_SINCE, [
    tenancies.map(({ tenancyId }) => tenancyId),
    tenancies.map(({ xids }) => String(xids ?? 0n)),
  ]);
  const named = Object.fromEntries(rows.slice(0, MOST_NAMED).map(({ tenancyId, since }) => [tenancyId, since]));
  return rows.length > MOST_NAMED ? { ...named, '*': rows.map(({ since }) => since).sort()[0] ?? '' } : named;
}

/** Only what was written before the sample before this one: the rest waits for no longer than usual. */
const PENDING_SINCE = `
  SELECT u.tenancy AS "tenancyId", to_char(p."at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS since
  FROM unnest($1::uuid[], $2::bigint[]) u (tenancy, xids)
  CROSS JOIN LATERAL (SELECT s."at" FROM "PipelineSample" s
    WHERE s."nextXid" <= ${xidBefore('u.xids')} ORDER BY s."at" DESC LIMIT 1) p
  WHERE EXISTS (SELECT 1 FROM "PipelineSample" s WHERE s."at" > p."at")`;

/**
 * What has been at work since the last sample, and what is in trouble. `$1` what was counted, by tenancy and database; of the
 * rest nothing waits.
 */
const INSERT_DATABASES = `
  WITH counted AS (
    SELECT (c ->> 'tenancyId')::uuid AS tenancy, c ->> 'id' AS database, (c ->> 'behindMs')::bigint AS ms, c -> 'behind' AS behind
    FROM jsonb_array_elements($1::jsonb) c
  ), since AS (
    SELECT COALESCE(max("at"), '-infinity') AS "at" FROM "ExternalDatabaseSample" WHERE "at" > now() - interval '1 hour'
  )
  INSERT INTO "ExternalDatabaseSample" ("tenancyId", "externalDatabaseId", "behindMs", "mappings")
  SELECT s."tenancyId", s."externalDatabaseId", CASE WHEN count(c.tenancy) > 0 THEN min(c.ms) ELSE 0 END,
    jsonb_object_agg(s."mapping", jsonb_build_object('applied', s."rowsApplied",
      'behind', CASE WHEN c.tenancy IS NULL THEN to_jsonb(0) ELSE c.behind -> s."mapping" END))
  FROM "ExternalDatabaseMappingState" s CROSS JOIN since
  LEFT JOIN counted c ON c.tenancy = s."tenancyId" AND c.database = s."externalDatabaseId"
  GROUP BY 1, 2, since."at" HAVING max(s."updatedAt") > since."at" OR count(c.tenancy) > 0`;

async function sampleDatabases(tx: Queryable, readTenancies: ReadTenancies, ids: readonly string[]): Promise<void> {
  const { at, tenancies } = await readTenancies(tx, ids, { limit: COUNT_LIMIT });
  const counted = [...tenancies.values()].flatMap(({ databases }) =>
    databases.map((database) => countedOf(database, at)),
  );
  await tx.query(INSERT_DATABASES, [JSON.stringify(counted)]);
}

function countedOf({ facts, behind, freshThrough, mappings }: DatabaseStatus, at: Date) {
  return {
    ...{ tenancyId: facts.tenancyId, id: facts.id },
    behindMs: behind.rows === 0 ? 0 : freshThrough && at.getTime() - freshThrough.getTime(),
    behind: Object.fromEntries(mappings.map((mapping) => [mapping.mapping, mapping.behind.rows])),
  };
}

/** Thins what is older than the charts, and forgets what is older than a month. */
const PRUNE = `
  WITH thinned AS (
    DELETE FROM "PipelineSample" WHERE "at" < now() - interval '1 hour' AND "at" > now() - interval '2 hours'
      AND extract(epoch FROM "at")::bigint % 600 >= ${SAMPLE_EVERY_MS / 1_000}
  ), forgotten AS (
    DELETE FROM "PipelineSample" WHERE "at" < now() - interval '30 days'
  ), databases AS (
    DELETE FROM "ExternalDatabaseSample" WHERE "at" < now() - interval '1 hour'
  )
  DELETE FROM "PipelineProcess" WHERE "seenAt" < now() - interval '1 hour'`;
