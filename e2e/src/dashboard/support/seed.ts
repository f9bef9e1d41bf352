import { setTimeout } from 'node:timers/promises';
import type { Database, Queryable } from '@hexclave/db';
import { hexclaveCatalog, sampler } from '@hexclave/sync';
import { atEndOfFile } from '@hexclave/testing';
import type { DashboardServer } from './dashboard.ts';

const FAILING_EVERY = 397;
const PAUSED_EVERY = 499;

/**
 * Writes projects into the internal database as if their copies had been going on for long: most are fresh, some fail,
 * some are paused. For a server whose loops are off, since nothing behind their connections exists.
 *
 * @returns how many there are in those states
 */
export async function fillProjects(db: Queryable, count: number): Promise<{ failing: number; paused: number }> {
  const id = `('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
  const all = `FROM generate_series(1, ${count}) n`;
  const statements = [
    `INSERT INTO "Project" ("id", "displayName") SELECT ${id}::text, (ARRAY['Shop', 'Forum', 'Bakery', 'Clinic', 'Library'])[1 + n % 5] || ' ' || n ${all}`,
    `INSERT INTO "Tenancy" ("id", "projectId") SELECT ${id}, ${id}::text ${all}`,
    `INSERT INTO "ExternalDatabase" ("tenancyId", "id", "connectionCiphertext", "connectionKeyId", "connectionDisplay", "paused")
     SELECT ${id}, 'main', '', 'k', '{"host": "db.example.com", "port": 5432, "database": "shop", "user": "sync"}', n % ${PAUSED_EVERY} = 0 ${all}`,
    `INSERT INTO "ExternalDatabaseMappingState" ("tenancyId", "externalDatabaseId", "mapping", "phase", "appliedSequenceId", "rowsApplied", "lastAppliedAt")
     SELECT ${id}, 'main', m, 'stream', 1000, 10, now() - n * interval '7 seconds'
     ${all}, unnest(ARRAY['users', 'contact_channels', 'teams', 'team_member_profiles']) m`,
    `INSERT INTO "ExternalDatabaseState" ("tenancyId", "externalDatabaseId", "lastSucceededAt") SELECT ${id}, 'main', now() ${all}`,
    `UPDATE "ExternalDatabaseState" SET "errorCode" = 'TARGET_UNREACHABLE', "errorMessage" = 'Nobody answers at the address of the database.',
       "errorRemedy" = 'Start the database, or correct the address.', "failingSince" = now() - interval '12 minutes', "attempts" = 9
     WHERE "tenancyId" IN (SELECT ${id} FROM generate_series(1, ${count}) n WHERE n % ${FAILING_EVERY} = 0 AND n % ${PAUSED_EVERY} <> 0)`,
  ];
  for (const statement of statements) await db.query(statement);
  await forgetRequests(db);
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return {
    failing: numbers.filter((n) => n % FAILING_EVERY === 0 && n % PAUSED_EVERY !== 0).length,
    paused: numbers.filter((n) => n % PAUSED_EVERY === 0).length,
  };
}

/**
 * Writes a change into each project that fails, one a minute, and takes the sample that finds out how long they wait.
 *
 * @returns the names of those projects, the one first that has waited for longest
 */
export async function letWait(db: Database): Promise<string[]> {
  const failing = await db.query<{ id: string; name: string }>(
    `SELECT t."id", p."displayName" AS name FROM "ExternalDatabaseState" s JOIN "Tenancy" t ON t."id" = s."tenancyId"
     JOIN "Project" p ON p."id" = t."projectId" WHERE s."errorCode" IS NOT NULL ORDER BY md5(t."id"::text)`,
  );
  await db.query(`SELECT setval('"global_seq_id"', 1000)`);
  for (const [index, { id }] of failing.entries()) {
    await db.query(
      `INSERT INTO "PipelineSample" ("at", "nextXid", "lastNumber", "rowsPending", "rowsApplied", "requestsPending", "requestsInFlight",
         "oldestDueMs", "failingProjects")
       SELECT now() - $1 * interval '1 minute', 1, last_value, 0, 0, 0, 0, 0, 0 FROM "global_seq_id"`,
      [failing.length - index],
    );
    await db.query(`INSERT INTO "ProjectUser" ("tenancyId", "displayName") VALUES ($1, 'Somebody')`, [id]);
    await db.query('SELECT "numbered" FROM "backfill_null_sequence_ids"(1)');
  }
  await forgetRequests(db);
  await sampler(hexclaveCatalog)(db);
  return failing.map(({ name }) => name);
}

/** As if they had been delivered: whatever waited in the queue for longer than some seconds would be behind. */
async function forgetRequests(db: Queryable): Promise<void> {
  await db.query('DELETE FROM "OutgoingRequest"');
}

/** Of the hour that is made up: how long the oldest request had been due at the worst moment, in seconds. */
export const WORST_LAG_SECONDS = 4;

/** An hour of samples, as if the server had been running: a steady coming and going, and a quarter in which it got stuck. */
export async function fillHistory(db: Queryable): Promise<void> {
  const numbered = (n: string) => `10 * (12 * ${n} - 160 * cos(${n} / 20.0))`;
  const stuck = 'GREATEST(0, LEAST((n - 140) * 90, (175 - n) * 225))';
  await db.query(
    `INSERT INTO "PipelineSample" ("at", "nextXid", "lastNumber", "rowsApplied", "rowsPending", "requestsPending",
       "requestsInFlight", "oldestDueMs", "failingProjects")
     SELECT now() - (360 - n) * interval '10 seconds', 1,
       (${numbered('n')} - ${numbered('360')})::bigint, (${numbered('n')} - ${numbered('360')} - ${stuck})::bigint,
       20 + (8 * sin(n / 7.0))::int + n % 4, 4 + n % 6 + ${stuck} / 20, 2 + n % 5,
       LEAST(3 + n % 9 + ${stuck} * 2, ${WORST_LAG_SECONDS * 1_000}), (n BETWEEN 150 AND 200)::int
     FROM generate_series(0, 358) n`,
  );
}

const ROWS_AT_ONCE = 6;
const WRITTEN_EVERY_MS = 400;
/** At most: the statement itself takes a moment. */
export const WRITTEN_PER_SECOND = (ROWS_AT_ONCE * 1_000) / WRITTEN_EVERY_MS;

/** As an application does: some users every moment, until it is told to stop. */
export function writeSteadily({ database, demo }: DashboardServer): () => Promise<void> {
  const stopping = new AbortController();
  const write = async () => {
    while (!stopping.signal.aborted) {
      await database.db.query(
        `INSERT INTO "ProjectUser" ("tenancyId", "displayName")
         SELECT "id", 'Somebody' FROM "Tenancy", generate_series(1, ${ROWS_AT_ONCE}) WHERE "projectId" = $1`,
        [demo.projectId],
      );
      await setTimeout(WRITTEN_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const ended = write();
  const stop = () => {
    stopping.abort();
    return ended;
  };
  atEndOfFile(stop);
  return stop;
}
