import type { Database } from '@hexclave/db';
import { endBackOff, enqueueSync } from '@hexclave/sync';
import { type Doer, recordAudit } from '../services/audit.ts';
import type { Target } from '../services/target-project.ts';

/**
 * Queues a sync of a tenancy and ends the back-off of what is failing there: somebody is waiting for it. Returns whether
 * there is any external database.
 */
export function enqueueNow(database: Database, { tenancyId, projectId }: Target, by: Doer): Promise<boolean> {
  return database.transaction(async (tx) => {
    const databases = await tx.query('SELECT 1 FROM "ExternalDatabase" WHERE "tenancyId" = $1 LIMIT 1', [tenancyId]);
    await endBackOff(tx, { tenancyId });
    await enqueueSync(tx, tenancyId);
    await recordAudit(tx, by, { action: 'sync.enqueue', projectId, result: 'queued' });
    return databases.length > 0;
  });
}
