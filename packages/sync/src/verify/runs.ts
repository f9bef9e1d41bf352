import { type Database, errorCode, type Queryable } from '@hexclave/db';
import type { MappingResult, PassState, Step } from './pass.ts';

/** A verification that somebody asked for. */
export type NewRun = {
  readonly tenancyId: string;
  readonly externalDatabaseId: string;
  /** `null`: all mappings. */
  readonly mapping: string | null;
  readonly repair: boolean;
  /** Who asked: the id of a key set. */
  readonly requestedBy: string | null;
};

export type RunState = 'queued' | 'running' | 'finished' | 'failed';

/** A run as it is kept. */
export type VerificationRun = NewRun & {
  readonly id: string;
  readonly state: RunState;
  readonly progress: PassState['progress'];
  readonly result: readonly MappingResult[];
  /** The first {@link MOST_DIFFERENCES}. */
  readonly differences: Step['differences'];
  /** About how many rows there are to compare; 0 when that is not known. */
  readonly rowsExpected: bigint;
  readonly errorCode: string | null;
  readonly errorSqlState: string | null;
  readonly errorMessage: string | null;
  readonly errorRemedy: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly turns: number;
};

export type ClaimedRun = VerificationRun & { readonly claimToken: string };

/** More differences than these are counted, but not listed. */
export const MOST_DIFFERENCES = 1_000;

/** A run whose process has not been heard of for so long is taken up by another one, in ms. */
export const RUN_LEASE_MS = 60_000;

/** How long runs that have ended can be read. */
const KEPT_FOR = '30 days';

const COLUMNS = `"id", "tenancyId", "externalDatabaseId", "mapping", "repair", "requestedBy", "state", "progress", "result", "differences",
  "rowsExpected", "errorCode", "errorSqlState", "errorMessage", "errorRemedy", "createdAt", "startedAt", "finishedAt", "turns"`;

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

/** Queues a run. `null`: the external database does not exist, or one is under way there already. */
export async function requestVerification(db: Queryable, run: NewRun): Promise<VerificationRun | null> {
  try {
    const [created] = await db.query<VerificationRun>(
      `WITH forgotten AS (DELETE FROM "VerificationRun" WHERE "tenancyId" = $1 AND "finishedAt" < now() - interval '${KEPT_FOR}')
       INSERT INTO "VerificationRun" ("tenancyId", "externalDatabaseId", "mapping", "repair", "requestedBy") VALUES ($1, $2, $3, $4, $5)
       RETURNING ${COLUMNS}`,
      [run.tenancyId, run.externalDatabaseId, run.mapping, run.repair, run.requestedBy],
    );
    return created ?? null;
  } catch (error) {
    if ([UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

/** One run of a tenancy. */
export async function readVerification(db: Queryable, tenancyId: string, id: string): Promise<VerificationRun | null> {
  const [run] = await db.query<VerificationRun>(
    `SELECT ${COLUMNS} FROM "VerificationRun" WHERE "tenancyId" = $1 AND "id" = $2`,
    [tenancyId, id],
  );
  return run ?? null;
}

/** The latest runs of a tenancy, the newest first. */
export function listVerifications(db: Queryable, tenancyId: string, limit: number): Promise<VerificationRun[]> {
  return db.query<VerificationRun>(
    `SELECT ${COLUMNS} FROM "VerificationRun" WHERE "tenancyId" = $1 ORDER BY "createdAt" DESC, "id" LIMIT $2`,
    [tenancyId, limit],
  );
}

/** Comparing writes nothing, and goes on in a pause; a repair waits for its end. */
const IS_PAUSED = `EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = r."tenancyId" AND d."id" = r."externalDatabaseId" AND d."paused")`;
const IS_ENABLED = `(SELECT m."syncEngineEnabled" FROM "ExternalDbSyncMetadata" m) AND NOT (r."repair" AND ${IS_PAUSED})`;

const CLAIM = `
  WITH due AS (
    SELECT r."id" FROM "VerificationRun" r CROSS JOIN "ExternalDbSyncMetadata" m
    WHERE m."syncEngineEnabled" AND r."state" IN ('queued', 'running') AND COALESCE(r."leaseExpiresAt" <= now(), true)
      AND NOT (r."repair" AND ${IS_PAUSED})
    ORDER BY COALESCE(r."leaseExpiresAt", r."createdAt") LIMIT 1 FOR UPDATE OF r SKIP LOCKED
  )
  UPDATE "VerificationRun" r SET "state" = 'running', "startedAt" = COALESCE(r."startedAt", now()), "turns" = r."turns" + 1,
    "claimToken" = gen_random_uuid(), "leaseExpiresAt" = now() + $1 * interval '1 millisecond'
  FROM due WHERE r."id" = due."id" RETURNING ${COLUMNS.replaceAll('"id"', 'r."id"')}, "claimToken"`;

/** Takes up the run that has waited longest, or one whose process is gone. */
export async function claimRun(db: Database): Promise<ClaimedRun | null> {
  const [run] = await db.query<ClaimedRun>(CLAIM, [RUN_LEASE_MS]);
  return run ?? null;
}

/** Keeps what a step did. Returns false if the run is no longer ours, the engine was switched off, or a repair was paused. */
export async function saveStep(tx: Queryable, run: ClaimedRun, step: Step): Promise<boolean> {
  const rows = await tx.query<{ enabled: boolean }>(
    `UPDATE "VerificationRun" r SET "progress" = $3, "result" = $4, "leaseExpiresAt" = now() + $6 * interval '1 millisecond',
       "differences" = jsonb_path_query_array("differences" || $5::jsonb, '$[0 to ${MOST_DIFFERENCES - 1}]')
     WHERE "id" = $1 AND "claimToken" = $2 AND "state" = 'running'
     RETURNING ${IS_ENABLED} AS enabled`,
    [
      ...[run.id, run.claimToken, jsonOf(step.state.progress), JSON.stringify(step.state.results)],
      ...[JSON.stringify(step.differences.slice(0, MOST_DIFFERENCES)), RUN_LEASE_MS],
    ],
  );
  return rows[0]?.enabled === true;
}

/** In the middle of a step: keeps the claim. Returns the same as {@link saveStep}. */
export async function keepClaim(db: Queryable, run: ClaimedRun): Promise<boolean> {
  const rows = await db.query<{ enabled: boolean }>(
    `UPDATE "VerificationRun" r SET "leaseExpiresAt" = now() + $3 * interval '1 millisecond'
     WHERE "id" = $1 AND "claimToken" = $2 AND "state" = 'running' RETURNING ${IS_ENABLED} AS enabled`,
    [run.id, run.claimToken, RUN_LEASE_MS],
  );
  return rows[0]?.enabled === true;
}

function jsonOf(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

export async function saveExpected(db: Queryable, run: ClaimedRun, rows: bigint): Promise<void> {
  await db.query('UPDATE "VerificationRun" SET "rowsExpected" = $2 WHERE "id" = $1', [run.id, String(rows)]);
}

/** What a run that cannot go on says of it. */
export type RunFailure = {
  readonly code: string;
  readonly sqlState: string | null;
  readonly message: string;
  readonly remedy: string;
};

/** Ends a run. */
export async function finishRun(tx: Queryable, run: ClaimedRun, failure: RunFailure | null): Promise<void> {
  await tx.query(
    `UPDATE "VerificationRun" SET "state" = $3, "errorCode" = $4, "errorSqlState" = $5, "errorMessage" = $6, "errorRemedy" = $7,
       "finishedAt" = now(), "progress" = NULL, "claimToken" = NULL, "leaseExpiresAt" = NULL WHERE "id" = $1 AND "claimToken" = $2`,
    [
      ...[run.id, run.claimToken, failure === null ? 'finished' : 'failed'],
      ...[failure?.code ?? null, failure?.sqlState ?? null, failure?.message ?? null, failure?.remedy ?? null],
    ],
  );
}

/** Gives a run back, to be taken up again after `delayMs`. */
export async function releaseRun(db: Queryable, run: ClaimedRun, delayMs: number): Promise<void> {
  await db.query(
    `UPDATE "VerificationRun" SET "claimToken" = NULL, "leaseExpiresAt" = now() + $3 * interval '1 millisecond'
     WHERE "id" = $1 AND "claimToken" = $2`,
    [run.id, run.claimToken, delayMs],
  );
}
