import { isDeepStrictEqual } from 'node:util';
import type { AuditAction } from '@hexclave/contract';
import type { Queryable } from '@hexclave/db';
import { type Doer, recordAudit } from './audit.ts';
import { forgetOwnerPause, noteOwnerPause } from './pause-rows.ts';
import type { Target } from './target-project.ts';

/** External databases by id, as they are shown: with host, port, database and user of the connection. */
export type ShownDatabases = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type ConfigChange = {
  readonly before: ShownDatabases;
  readonly after: ShownDatabases;
  /** Those whose connection is a new one, be it only the password. */
  readonly reconnected: ReadonlySet<string>;
  readonly reason: string | null;
};

type Shown = ShownDatabases[string];

/** Writes down what a change of the configuration means for each external database. */
export async function recordConfigChange(tx: Queryable, owner: Target, by: Doer, change: ConfigChange): Promise<void> {
  for (const id of new Set([...Object.keys(change.before), ...Object.keys(change.after)])) {
    const [before, after] = [change.before[id], change.after[id]];
    const record = (action: AuditAction, states: { before?: object | undefined; after?: object | undefined }) =>
      recordAudit(tx, by, {
        ...{ action, projectId: owner.projectId, externalDatabaseId: id, reason: change.reason },
        ...states,
      });
    if (before === undefined) await record('external_database.add', { after });
    else if (after === undefined) await record('external_database.remove', { before });
    else await recordDifference(before, after, change.reconnected.has(id), record);
    await keepPauseNoted(tx, owner, by, id, change);
  }
}

async function recordDifference(
  before: Shown,
  after: Shown,
  isReconnected: boolean,
  record: (action: AuditAction, states: { before: object; after: object }) => Promise<void>,
): Promise<void> {
  const fields = Object.keys({ ...before, ...after }).filter(
    (field) => field !== 'paused' && !isDeepStrictEqual(before[field], after[field]),
  );
  if (fields.length > 0 || isReconnected) {
    const secret = isReconnected ? { connectionString: 'changed' } : {};
    await record('external_database.change', {
      before: only(before, fields),
      after: { ...only(after, fields), ...secret },
    });
  }
  if (before.paused === after.paused) return;
  await record(after.paused === true ? 'external_database.pause' : 'external_database.resume', {
    before: { paused: before.paused === true },
    after: { paused: after.paused === true },
  });
}

/** An owner may pause by the configuration just as well: then that is when, and by whom. */
async function keepPauseNoted(tx: Queryable, owner: Target, by: Doer, id: string, change: ConfigChange): Promise<void> {
  const isPaused = change.after[id]?.paused === true;
  const wasPaused = change.before[id]?.paused === true;
  if (isPaused && !wasPaused) await noteOwnerPause(tx, owner, id, by, change.reason);
  if (!isPaused) await forgetOwnerPause(tx, owner, id);
}

function only(state: Shown, fields: readonly string[]): object {
  return Object.fromEntries(fields.map((field) => [field, state[field] ?? null]));
}
