import type { Database } from '@hexclave/db';
import { syncNow } from '@hexclave/sync';
import { type Doer, recordAudit } from '../services/audit.ts';
import type { Target } from '../services/target-project.ts';

/**
 * Queues a sync of all external databases of a tenancy and ends the back-off of those that are failing: somebody is waiting
 * for it. Returns whether there is any.
 */
export function enqueueNow(database: Database, { tenancyId, projectId }: Target, by: Doer): Promise<boolean> {
  return database.transaction(async (tx) => {
    const queued = await syncNow(tx, tenancyId);
    await recordAudit(tx, by, { action: 'sync.enqueue', projectId, result: 'queued' });
    return queued;
  });
}
