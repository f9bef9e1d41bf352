import type { Database } from '@hexclave/db';
import { enqueueSync } from '@hexclave/sync';

/**
 * Queues a sync of a tenancy and ends the back-off of what is failing there: somebody is waiting for it. Returns whether
 * there is any external database.
 */
export function enqueueNow(database: Database, tenancyId: string): Promise<boolean> {
  return database.transaction(async (tx) => {
    const databases = await tx.query('SELECT 1 FROM "ExternalDatabase" WHERE "tenancyId" = $1 LIMIT 1', [tenancyId]);
    for (const table of ['ExternalDatabaseState', 'ExternalDatabaseMappingState']) {
      await tx.query(
        `UPDATE "${table}" SET "nextAttemptAt" = NULL WHERE "tenancyId" = $1 AND "nextAttemptAt" IS NOT NULL`,
        [tenancyId],
      );
    }
    await enqueueSync(tx, tenancyId);
    return databases.length > 0;
  });
}
