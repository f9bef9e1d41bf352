import type { Database } from '@hexclave/db';
import { DestinationError } from '../destination-error.ts';
import type { KeptConnection } from './connections.ts';
import type { ExternalDatabase } from './external-database.ts';

/** The time as text, exact: a later question must not be taken for this one. */
const ASKED = `
  SELECT s."mapping", s."parkedRetryAskedAt"::text AS "askedAt" FROM "ExternalDatabaseMappingState" s
  WHERE s."tenancyId" = $1 AND s."externalDatabaseId" = $2 AND s."parkedRetryAskedAt" IS NOT NULL`;

const ANSWERED = `
  UPDATE "ExternalDatabaseMappingState" SET "parkedRetryAskedAt" = NULL
  WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND "mapping" = $3 AND "parkedRetryAskedAt" = $4::timestamptz`;

/** Makes parked rows due that somebody asked to have tried again. What is not ready stays asked for. */
export async function makeAskedForDue(db: Database, database: ExternalDatabase, kept: KeptConnection): Promise<void> {
  const key = [database.tenancyId, database.id];
  const asked = await db.query<{ mapping: string; askedAt: string }>(ASKED, key);
  for (const { mapping, askedAt } of asked) {
    const run = kept.runs.get(mapping);
    if (run === undefined) continue;
    try {
      await kept.connection.makeParkedDue(run.route.target);
      await db.query(ANSWERED, [...key, mapping, askedAt]);
    } catch (error) {
      // The mapping itself will meet what is wrong with one table, and keep it.
      if (!(error instanceof DestinationError) || error.scope === 'connection') throw error;
    }
  }
}
