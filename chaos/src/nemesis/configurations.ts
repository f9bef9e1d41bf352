import { setTimeout as delay } from 'node:timers/promises';
import { quoteIdentifier } from '@hexclave/db';
import { SOFT_DECLARATIONS } from '../checks/soft-declarations.ts';
import { readHistory } from '../checks/target-history.ts';
import { administer } from '../stage/clusters.ts';
import { patiently } from '../stage/patience.ts';
import { createTargetDatabase, type Target } from '../stage/target.ts';
import { chosen, type DatabaseKey, type FaultKind, type PlannedFault } from './fault.ts';
import { nudge } from './nudge.ts';

const uses = ({ choice }: PlannedFault) => [`target ${choice % 4}`];

/** A setting that is changed, and changed back. */
function configFault(
  name: string,
  changes: Partial<Target['config']>,
  hasStruck: (target: Target) => Promise<boolean> = async () => true,
): FaultKind {
  return {
    name,
    uses,
    strike: async (stage, { choice, holdMs }) => {
      const target = chosen(stage.targets, choice);
      const before = target.config;
      target.config = { ...before, ...changes };
      await stage.configure(target);
      await nudge(stage, target, choice);
      await delay(holdMs);
      const struck = (await isTrueWithin(STRIKE_MS, () => hasStruck(target))) ? 1 : 0;
      target.config = before;
      await stage.configure(target);
      return { struck, reconfigured: keyOf(target) };
    },
  };
}

/** How much longer a setting is left for somebody to follow it, at most. */
const STRIKE_MS = 5_000;

async function isTrueWithin(ms: number, isTrue: () => Promise<boolean>): Promise<boolean> {
  const giveUpAt = performance.now() + ms;
  for (;;) {
    if (await isTrue()) return true;
    if (performance.now() > giveUpAt) return false;
    await delay(50);
  }
}

function keyOf({ tenancyId, id }: Target): DatabaseKey {
  return { tenancyId, externalDatabaseId: id };
}

const pausing = configFault('configuration: paused', { paused: true });
const omitting = configFault('configuration: a column left out', {
  tables: { users: { enabled: true, omitColumns: ['profile_image_url'] } },
});

const MOVED = `SELECT 1 FROM chaos.history WHERE what = 'move' AND detail ->> 'hash' = ANY ($1) LIMIT 1`;

/** Back and forth while rows are deleted and created: it has struck once a table was copied under the new declaration. */
const softening = configFault('configuration: soft deletes', { deleteMode: 'soft' }, async ({ db }) => {
  const moved = await patiently(() => db.query(MOVED, [[...SOFT_DECLARATIONS]]));
  return moved.length > 0;
});

/** To another, empty database. */
const repointing: FaultKind = {
  name: 'configuration: repointed',
  uses,
  strike: async (stage, { choice }) => {
    const target = chosen(stage.targets, choice);
    const former = { db: target.db, database: target.database };
    Object.assign(target, await patiently(() => createTargetDatabase(stage.clusters.targets, target.role)));
    await stage.configure(target);
    target.archive.push(await patiently(() => readHistory(former.db)));
    await former.db.end();
    await patiently(() =>
      administer(stage.clusters.targets.current(), `DROP DATABASE ${quoteIdentifier(former.database)} WITH (FORCE)`),
    );
    return { struck: 1, reconfigured: keyOf(target) };
  },
};

export const FUSES = ['sequencerEnabled', 'pollerEnabled', 'outgoingRequestsEnabled', 'syncEngineEnabled'] as const;

const fuse: FaultKind = {
  name: 'fuse flipped',
  forgetful: true,
  uses: () => ['fuses'],
  strike: async ({ internal }, { choice, holdMs }) => {
    const set = (on: boolean) =>
      patiently(() => internal.query(`UPDATE "ExternalDbSyncMetadata" SET "${chosen(FUSES, choice)}" = $1`, [on]));
    await set(false);
    await delay(holdMs);
    await set(true);
    return { struck: 1 };
  },
};

export const CONFIGURATION_FAULTS: readonly FaultKind[] = [pausing, omitting, softening, repointing, fuse];
