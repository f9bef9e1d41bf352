import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@hexclave/db';
import { patiently } from '../stage/patience.ts';
import { backUpInternal, backUpTarget, restoreInternal, restoreTarget } from '../stage/restore.ts';
import { FUSES } from './configurations.ts';
import { chosen, type FaultKind, type PlannedFault } from './fault.ts';
import { nudge } from './nudge.ts';

/** Everything: restarts and restores are waited for by whoever wants a target, and wait for them. */
const TARGETS = ['target 0', 'target 1', 'target 2', 'target 3'];
const INTERNAL = ['internal'];
const oneTarget = ({ choice }: PlannedFault) => [`target ${choice % 4}`];

async function terminate(db: Database): Promise<number> {
  const rows = await patiently(() =>
    db.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'hexclave%'`,
    ),
  );
  return rows.length;
}

const internalBackends: FaultKind = {
  name: 'backends terminated, internal',
  forgetful: true,
  uses: () => INTERNAL,
  strike: async ({ internal }) => ({ struck: await terminate(internal) }),
};

const targetBackends: FaultKind = {
  name: 'backends terminated, target',
  uses: oneTarget,
  strike: async (stage, { choice }) => {
    const target = chosen(stage.targets, choice);
    await nudge(stage, target, choice);
    return { struck: await terminate(target.db) };
  },
};

/** Recovery loses what had not been written to disk: numbers, positions, the last batches. */
const internalCrash: FaultKind = {
  name: 'internal database crashed',
  forgetful: true,
  uses: () => INTERNAL,
  strike: async ({ clusters }, { choice }) => {
    await clusters.internal.restart(choice % 3 === 0 ? 'orderly' : 'crash');
    return { struck: 1 };
  },
};

const targetCrash: FaultKind = {
  name: 'target crashed',
  uses: () => TARGETS,
  strike: async ({ clusters }, { choice }) => {
    await clusters.targets.restart(choice % 3 === 0 ? 'orderly' : 'crash');
    return { struck: 1 };
  },
};

const ALL_FUSES_IN = `UPDATE "ExternalDbSyncMetadata" SET ${FUSES.map((fuse) => `"${fuse}" = true`).join(', ')}`;

const internalRestored: FaultKind = {
  name: 'internal database restored from a backup',
  forgetful: true,
  uses: () => INTERNAL,
  strike: async (stage, { holdMs }) => {
    const backup = await backUpInternal(stage);
    await delay(holdMs);
    await restoreInternal(stage, backup);
    // What owners have changed meanwhile is lost as well, e.g. a new password: they save it again.
    for (const target of stage.targets) await stage.configure(target);
    // A fuse may have been out when the backup was made: the operator looks at the fusebox.
    await patiently(() => stage.internal.query(ALL_FUSES_IN));
    return { struck: 1 };
  },
};

const targetRestored: FaultKind = {
  name: 'target restored from a backup',
  uses: oneTarget,
  strike: async (stage, { choice, holdMs }) => {
    const target = chosen(stage.targets, choice);
    const backup = await backUpTarget(stage, target);
    await nudge(stage, target, choice);
    await delay(holdMs);
    await restoreTarget(stage, target, backup);
    return { struck: 1 };
  },
};

export const DATABASE_FAULTS: readonly FaultKind[] = [
  internalBackends,
  targetBackends,
  internalCrash,
  targetCrash,
  internalRestored,
  targetRestored,
];
