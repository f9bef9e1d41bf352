import { backoffMs, type Database, errorCode, NOT_DURABLE } from '@hexclave/db';
import type { DestinationError } from '../destination-error.ts';
import type { ExternalDatabase } from './external-database.ts';
import type { MappingRun } from './mapping-run.ts';

const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 5 * 60_000;

/** Between the first and the second half of the exponential back-off: never at once, never all together. */
export function retryDelayMs(attempts: number, random: () => number = Math.random): number {
  const whole = backoffMs(attempts, RETRY_BASE_MS, RETRY_CAP_MS, () => 1);
  return Math.round(whole * (0.5 + random() / 2));
}

const FOREIGN_KEY_VIOLATION = '23503';

/** An external database that is removed at this very moment needs no state any more. */
async function unlessRemoved(written: Promise<unknown>): Promise<void> {
  await written.catch((error: unknown) => {
    if (errorCode(error) !== FOREIGN_KEY_VIOLATION) throw error;
  });
}

/** Mirrors what the target says of its mappings. May be lost in a crash: the target knows better, and is asked first. */
export async function saveProgress(
  db: Database,
  database: ExternalDatabase,
  runs: readonly MappingRun[],
): Promise<void> {
  if (runs.length === 0) return;
  const written = db.queryPrepared(
    `WITH commit AS MATERIALIZED (SELECT ${NOT_DURABLE})
     INSERT INTO "ExternalDatabaseMappingState" AS s ("tenancyId", "externalDatabaseId", "mapping", "phase", "appliedSequenceId",
       "rowsApplied", "rowsCopied", "parkedRows", "lastAppliedAt")
     SELECT $1, $2, u.mapping, u.phase, u.cursor, u.rows, CASE WHEN u.phase = 'copy' THEN u.rows ELSE 0 END, u.parked,
       CASE WHEN u.rows > 0 THEN now() END
     FROM commit CROSS JOIN unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[]) u (mapping, phase, cursor, rows, parked)
     WHERE EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = $1 AND d."id" = $2)
     ON CONFLICT ("tenancyId", "externalDatabaseId", "mapping") DO UPDATE SET "phase" = excluded."phase",
       "appliedSequenceId" = excluded."appliedSequenceId", "rowsApplied" = s."rowsApplied" + excluded."rowsApplied",
       "rowsCopied" = excluded."rowsCopied" + CASE WHEN s."phase" = 'copy' AND excluded."phase" = 'copy' THEN s."rowsCopied" ELSE 0 END,
       "parkedRows" = excluded."parkedRows", "lastAppliedAt" = COALESCE(excluded."lastAppliedAt", s."lastAppliedAt"),
       "errorCode" = NULL, "errorSqlState" = NULL, "errorMessage" = NULL, "errorRemedy" = NULL, "failingSince" = NULL,
       "attempts" = 0, "nextAttemptAt" = NULL, "updatedAt" = now()`,
    [
      database.tenancyId,
      database.id,
      runs.map((run) => run.route.target.mapping),
      runs.map((run) => (run.position.copy === null ? 'stream' : 'copy')),
      runs.map((run) => String(run.position.cursor)),
      runs.map((run) => run.rowsApplied),
      runs.map((run) => run.parked),
    ],
  );
  await unlessRemoved(written);
}

/** Notes that the external database as a whole answered. */
export async function saveSuccess(db: Database, database: ExternalDatabase): Promise<void> {
  const written = db.queryPrepared(
    `INSERT INTO "ExternalDatabaseState" AS s ("tenancyId", "externalDatabaseId", "lastSucceededAt")
     SELECT d."tenancyId", d."id", now() FROM "ExternalDatabase" d WHERE d."tenancyId" = $1 AND d."id" = $2
     ON CONFLICT ("tenancyId", "externalDatabaseId") DO UPDATE SET "errorCode" = NULL, "errorSqlState" = NULL, "errorMessage" = NULL,
       "errorRemedy" = NULL, "failingSince" = NULL, "attempts" = 0, "nextAttemptAt" = NULL, "lastSucceededAt" = now()`,
    [database.tenancyId, database.id],
  );
  await unlessRemoved(written);
}

/** Keeps a failure of the whole external database and queues the next attempt, in one transaction. */
export async function saveFailure(db: Database, database: ExternalDatabase, error: DestinationError): Promise<void> {
  const delay = retryDelayMs(database.failure.attempts + 1);
  const written = db.transaction(async (tx) => {
    const saved = await tx.query(
      `INSERT INTO "ExternalDatabaseState" AS s ("tenancyId", "externalDatabaseId", "errorCode", "errorSqlState", "errorMessage",
         "errorRemedy", "failingSince", "attempts", "nextAttemptAt")
       SELECT d."tenancyId", d."id", $3, $4, $5, $6, now(), 1, now() + $7 * interval '1 millisecond'
       FROM "ExternalDatabase" d WHERE d."tenancyId" = $1 AND d."id" = $2
       ON CONFLICT ("tenancyId", "externalDatabaseId") DO UPDATE SET "errorCode" = excluded."errorCode",
         "errorSqlState" = excluded."errorSqlState", "errorMessage" = excluded."errorMessage", "errorRemedy" = excluded."errorRemedy",
         "failingSince" = COALESCE(s."failingSince", now()), "attempts" = s."attempts" + 1, "nextAttemptAt" = excluded."nextAttemptAt"
       RETURNING 1`,
      [database.tenancyId, database.id, error.code, error.sqlState, error.message, error.remedy, delay],
    );
    if (saved.length > 0) await tx.query(ENQUEUE_RETRY, [database.tenancyId, database.id, delay]);
  });
  await unlessRemoved(written);
}

/** The same for one mapping: the others of the database go on. */
export async function saveMappingFailure(
  db: Database,
  database: ExternalDatabase,
  mapping: string,
  error: DestinationError,
): Promise<void> {
  const delay = retryDelayMs((database.mappingFailures[mapping]?.attempts ?? 0) + 1);
  const written = db.transaction(async (tx) => {
    const saved = await tx.query(
      `INSERT INTO "ExternalDatabaseMappingState" AS s ("tenancyId", "externalDatabaseId", "mapping", "errorCode", "errorSqlState",
         "errorMessage", "errorRemedy", "failingSince", "attempts", "nextAttemptAt")
       SELECT d."tenancyId", d."id", $3, $4, $5, $6, $7, now(), 1, now() + $8 * interval '1 millisecond'
       FROM "ExternalDatabase" d WHERE d."tenancyId" = $1 AND d."id" = $2
       ON CONFLICT ("tenancyId", "externalDatabaseId", "mapping") DO UPDATE SET "errorCode" = excluded."errorCode",
         "errorSqlState" = excluded."errorSqlState", "errorMessage" = excluded."errorMessage", "errorRemedy" = excluded."errorRemedy",
         "failingSince" = COALESCE(s."failingSince", now()), "attempts" = s."attempts" + 1, "nextAttemptAt" = excluded."nextAttemptAt",
         "updatedAt" = now()
       RETURNING 1`,
      [database.tenancyId, database.id, mapping, error.code, error.sqlState, error.message, error.remedy, delay],
    );
    if (saved.length > 0) await tx.query(ENQUEUE_RETRY, [database.tenancyId, database.id, delay]);
  });
  await unlessRemoved(written);
}

/** A sync of one external database at a later time; an earlier one that waits already is kept. */
const ENQUEUE_RETRY = `
  INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "externalDatabaseId", "deduplicationKey", "notBefore")
  VALUES ('sync', $1::uuid, $2::text, 'sync:' || $1::uuid || ':' || $2::text, now() + $3 * interval '1 millisecond')
  ON CONFLICT ("deduplicationKey") WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL
  DO UPDATE SET "updatedAt" = now(), "notBefore" = LEAST("OutgoingRequest"."notBefore", excluded."notBefore")`;

/** The earliest attempt that the failures of an external database have coming; at once when it is overdue. */
const ENQUEUE_NEXT_ATTEMPT = `
  INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "externalDatabaseId", "deduplicationKey", "notBefore")
  SELECT 'sync', $1::uuid, $2::text, 'sync:' || $1::uuid || ':' || $2::text, min(n.at) FROM (
    SELECT COALESCE(s."nextAttemptAt", now()) FROM "ExternalDatabaseState" s
    WHERE s."tenancyId" = $1 AND s."externalDatabaseId" = $2 AND s."errorCode" IS NOT NULL
    UNION ALL
    SELECT COALESCE(m."nextAttemptAt", now()) FROM "ExternalDatabaseMappingState" m
    WHERE m."tenancyId" = $1 AND m."externalDatabaseId" = $2 AND m."errorCode" IS NOT NULL
  ) n (at) HAVING min(n.at) IS NOT NULL
  ON CONFLICT ("deduplicationKey") WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL
  DO UPDATE SET "updatedAt" = now(), "notBefore" = excluded."notBefore" WHERE "OutgoingRequest"."notBefore" > excluded."notBefore"`;

/** Makes sure that a request waits for the next attempt at what failed. */
export async function enqueueNextAttempt(db: Database, database: ExternalDatabase): Promise<void> {
  await db.query(ENQUEUE_NEXT_ATTEMPT, [database.tenancyId, database.id]);
}

/** Has parked rows tried again later even if nothing else happens. */
export async function enqueueRetry(db: Database, database: ExternalDatabase, delayMs: number): Promise<void> {
  await db.query(ENQUEUE_RETRY, [database.tenancyId, database.id, delayMs]);
}
