import { setTimeout as delay } from 'node:timers/promises';
import type { Queryable } from '@hexclave/db';
import { patiently } from './patience.ts';
import type { Stage } from './stage.ts';

/** Longer than leases last and than the longest back-off of a run. */
const WARP_SECONDS = 600;

const WARP_INTERNAL = [
  `UPDATE "OutgoingRequest" SET "notBefore" = "notBefore" - $1 * interval '1 second', "leaseExpiresAt" = "leaseExpiresAt" - $1 * interval '1 second'`,
  `UPDATE "ExternalDatabaseState" SET "nextAttemptAt" = "nextAttemptAt" - $1 * interval '1 second'`,
  `UPDATE "ExternalDatabaseMappingState" SET "nextAttemptAt" = "nextAttemptAt" - $1 * interval '1 second'`,
];

/**
 * Lets leases, back-offs and the pauses of parked rows run out, as if ten minutes had passed: a run waits for what the
 * system does by itself, not for its time-outs. The times are the internal database's and the targets' own.
 */
export async function warp(stage: Stage): Promise<void> {
  for (const { db } of stage.targets) {
    await patiently(() =>
      db.query(`DO $$ BEGIN IF to_regclass('hexclave._hexclave_parked_rows') IS NOT NULL THEN
        UPDATE hexclave._hexclave_parked_rows SET next_attempt_at = next_attempt_at - interval '${WARP_SECONDS} seconds'; END IF; END $$`),
    );
  }
  for (const statement of WARP_INTERNAL) await patiently(() => stage.internal.query(statement, [WARP_SECONDS]));
}

const NUMBERED = ['ProjectUser', 'ContactChannel', 'Team', 'TeamMember', 'DeletedRow'] as const;

/** After a restore, a sequencer has to notice it before anything is queued. */
const UNSETTLED = `SELECT NOT (SELECT e."isCurrent" FROM "SequenceEpochIsCurrent" e) OR ${NUMBERED.map(
  (table) => `EXISTS (SELECT 1 FROM "${table}" WHERE "shouldUpdateSequenceId")`,
).join(' OR ')} OR EXISTS (SELECT 1 FROM "OutgoingRequest" WHERE "failedAt" IS NULL) AS busy`;

/** Whether nothing is left to number or to deliver. */
async function isSettled(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ busy: boolean }>(UNSETTLED);
  return row?.busy === false;
}

const LOOK_EVERY_MS = 50;

/** Waits until `done`, or until nothing is left to do and it is still not, or for `timeoutMs`. Returns whether it was. */
export async function settle(stage: Stage, done: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + timeoutMs;
  let idleLooks = 0;
  for (;;) {
    idleLooks = (await patiently(() => isSettled(stage.internal))) ? idleLooks + 1 : 0;
    if (await done()) return true;
    if (idleLooks > IDLE_LOOKS || performance.now() > giveUpAt) return false;
    await delay(LOOK_EVERY_MS);
  }
}

/** So many looks in a row at an idle system: nothing more will come. A run removes its request only when it is done. */
const IDLE_LOOKS = 4;

/** For a person who wonders why: rows, transactions, requests, failures and switches, with the time that they still wait for. */
const LEFT = [
  ...NUMBERED.map(
    (table) =>
      `SELECT '${table}' AS "withoutNumber", count(*) AS rows FROM "${table}" WHERE "shouldUpdateSequenceId" HAVING count(*) > 0`,
  ),
  `SELECT a.pid, a.application_name AS program, a.state, a.wait_event_type AS wait, pg_blocking_pids(a.pid) AS "blockedBy",
     clock_timestamp() - a.xact_start AS open, clock_timestamp() - a.query_start AS since, left(a.query, 200) AS statement
     FROM pg_stat_activity a WHERE a.datname = current_database() AND a.xact_start IS NOT NULL AND a.pid <> pg_backend_pid()`,
  `SELECT r."deduplicationKey" AS request, r."attempts", r."lastErrorCode" AS code, r."startedFulfillingAt" IS NOT NULL AS claimed,
     COALESCE(r."leaseExpiresAt", r."notBefore") - now() AS waits FROM "OutgoingRequest" r`,
  `SELECT s."tenancyId" AS tenancy, s."externalDatabaseId" AS database, s."errorCode" AS code, s."attempts", s."nextAttemptAt" - now() AS waits
     FROM "ExternalDatabaseState" s`,
  `SELECT s."tenancyId" AS tenancy, s."externalDatabaseId" AS database, s."mapping", s."errorCode" AS code, s."attempts",
     s."nextAttemptAt" - now() AS waits, s."appliedSequenceId" AS applied, s."phase" FROM "ExternalDatabaseMappingState" s`,
  'SELECT * FROM "ExternalDbSyncMetadata"',
];

/** What the internal database has still to do, or thinks it has done; a line each. */
export async function whatIsLeft(db: Queryable): Promise<string[]> {
  const found: string[] = [];
  for (const statement of LEFT) {
    const rows = await patiently(() =>
      db.query<{ row: string }>(`SELECT row_to_json(q)::text AS row FROM (${statement}) q`),
    );
    found.push(...rows.map(({ row }) => row));
  }
  return found;
}
