import { setTimeout as delay } from 'node:timers/promises';
import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { administer } from '../stage/clusters.ts';
import { patiently } from '../stage/patience.ts';
import { newPassword } from '../stage/secrets.ts';
import type { Stage } from '../stage/stage.ts';
import type { Target } from '../stage/target.ts';
import { chosen, type FaultKind, type PlannedFault, type StrikeResult } from './fault.ts';
import { nudge } from './nudge.ts';

const uses = ({ choice }: PlannedFault) => [`target ${choice % 4}`];

/** What owners do to tables of theirs, and how they undo it. */
type Change = {
  readonly name: string;
  readonly change: string;
  readonly undo: string;
  /** What has to be shown meanwhile; nothing for what is harmless. */
  readonly codes?: readonly string[];
  /** Finds a row in the target once this was mended by a process that came new to it: then nobody has failed. `$1`: since, in ms. */
  readonly mended?: string;
};

const CHANGES: readonly Change[] = [
  {
    name: 'owner adds a column',
    change: 'ALTER TABLE hexclave.users ADD COLUMN notes text',
    undo: 'ALTER TABLE hexclave.users DROP COLUMN IF EXISTS notes',
  },
  {
    name: 'owner drops a column',
    change: 'ALTER TABLE hexclave.users DROP COLUMN profile_image_url',
    undo: 'ALTER TABLE hexclave.users ADD COLUMN IF NOT EXISTS profile_image_url text',
    codes: ['TARGET_DRIFT'],
    // Where the declaration changes at the same time, it is added as a new one, and everything copied anew.
    mended: `SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('hexclave.users') AND attname = 'profile_image_url'
      AND NOT attisdropped AND $1::float8 > 0`,
  },
  {
    name: 'owner adds a constraint',
    change: `ALTER TABLE hexclave.users ADD CONSTRAINT theirs CHECK (display_name <> 'half of a pair') NOT VALID`,
    undo: 'ALTER TABLE hexclave.users DROP CONSTRAINT IF EXISTS theirs',
    codes: ['PARKED'],
  },
  {
    name: 'owner revokes a right',
    change: 'REVOKE INSERT, UPDATE ON hexclave.users FROM %role',
    undo: 'GRANT INSERT, UPDATE ON hexclave.users TO %role',
    codes: ['TARGET_PERMISSION_DENIED'],
  },
  {
    name: 'owner drops a table',
    change: 'DROP TABLE hexclave.users',
    undo: 'SELECT 1',
    codes: ['TARGET_TABLE_MISSING', 'TARGET_DRIFT'],
    mended: `SELECT 1 FROM chaos.history WHERE what = 'created' AND subject = 'users' AND at >= to_timestamp($1::float8 / 1000)`,
  },
];

/** How long a change is held for its failure to be met, at most: an engine may have to find out first that its link is silent. */
const MEET_MS = 15_000;

function changeFault({ name, change, undo, codes, mended }: Change): FaultKind {
  return {
    name,
    uses,
    strike: async (stage, { choice, holdMs }) => {
      const target = chosen(stage.targets, choice);
      const run = (sql: string) => target.db.query(sql.replace('%role', id(target.role)));
      // Then nobody looks before the next attempt, which begins with a look at everything and may mend this on its way.
      if (codes !== undefined && (await isFailing(stage, target))) return { struck: 0 };
      const since = Date.now();
      const done = await run(change).then(
        () => true,
        () => false,
      );
      // The table is not there yet, or somebody holds it: nothing to undo either.
      if (!done) return { struck: 0 };
      await nudge(stage, target, choice);
      await delay(holdMs);
      const isMended = async () =>
        mended !== undefined && (await target.db.query(mended, [since]).catch(() => [])).length > 0;
      const hasToShow = codes !== undefined && (await untilShown(stage, target, codes, since, isMended)) !== 'mended';
      await patiently(() => run(undo));
      if (!hasToShow || (await failedOtherwise(stage, target, codes, since))) return { struck: 1 };
      return {
        struck: 1,
        expects: { kind: name, tenancyId: target.tenancyId, externalDatabaseId: target.id, codes, since },
      };
    },
  };
}

const FAILING = `SELECT 1 FROM "ExternalDatabaseState" WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND "attempts" > 0
  UNION ALL SELECT 1 FROM "ExternalDatabaseMappingState" WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND "attempts" > 0`;

/** An internal database that is away right now counts as failing too. */
async function isFailing({ internal }: Stage, { tenancyId, id: database }: Target): Promise<boolean> {
  const rows = await internal.query(FAILING, [tenancyId, database]).catch(() => [{}]);
  return rows.length > 0;
}

const FAILED_OTHERWISE = `SELECT 1 FROM chaos.surfaced WHERE tenancy = $1 AND external_database = $2 AND code <> ALL ($3)
  AND at >= to_timestamp($4::float8 / 1000) LIMIT 1`;

/** Whether something else was met first: as above, what was changed may then never be met as such. */
async function failedOtherwise(
  stage: Stage,
  target: Target,
  codes: readonly string[],
  since: number,
): Promise<boolean> {
  const values = [target.tenancyId, target.id, codes, since];
  return (await patiently(() => stage.internal.query(FAILED_OTHERWISE, values))).length > 0;
}

const SHOWN = `SELECT 1 FROM chaos.surfaced WHERE tenancy = $1 AND external_database = $2 AND code = ANY ($3)
  AND at >= to_timestamp($4::float8 / 1000) LIMIT 1`;
const END_LEASES = `UPDATE "OutgoingRequest" SET "leaseExpiresAt" = now() WHERE "startedFulfillingAt" IS NOT NULL`;

/**
 * An owner who mends something at once, before anybody has met it, has broken nothing. Bounded: the check comes later. A
 * process that was killed may still have a claim on the tenancy, so leases are ended half-way.
 */
async function untilShown(
  stage: Stage,
  target: Target,
  codes: readonly string[],
  since: number,
  isMended: () => Promise<boolean> = async () => false,
): Promise<'shown' | 'mended' | 'neither'> {
  const ask = (text: string, values: readonly unknown[] = []) => stage.internal.query(text, values).catch(() => []);
  const startedAt = performance.now();
  let haveEnded = false;
  for (let passed = 0; passed < MEET_MS; passed = performance.now() - startedAt) {
    if ((await ask(SHOWN, [target.tenancyId, target.id, codes, since])).length > 0) return 'shown';
    if (await isMended()) return 'mended';
    if (passed > MEET_MS / 2 && !haveEnded) {
      await ask(END_LEASES);
      haveEnded = true;
    }
    await delay(50);
  }
  return 'neither';
}

/** Shorter than any of our waits for a lock. */
const LONGEST_LOCK_MS = 3_000;

const lock: FaultKind = {
  name: 'owner locks a table',
  uses,
  strike: async (stage, { choice, holdMs }) => {
    const target = chosen(stage.targets, choice);
    let struck = 0;
    await target.db
      .transaction(
        async (tx) => {
          await tx.query('LOCK TABLE hexclave.users IN ACCESS EXCLUSIVE MODE');
          await nudge(stage, target, choice);
          await delay(Math.min(holdMs, LONGEST_LOCK_MS));
          const waiting = await tx.query('SELECT 1 FROM pg_locks WHERE NOT granted');
          struck = waiting.length > 0 ? 1 : 0;
        },
        { attempts: 1 },
      )
      .catch(() => undefined);
    return { struck };
  },
};

/** The password changes there first, and in the configuration a while later. */
const rotate: FaultKind = {
  name: 'credentials rotated',
  uses,
  strike: async (stage, { choice, holdMs }): Promise<StrikeResult> => {
    const target = chosen(stage.targets, choice);
    // Its next attempt may be far off, by a clock that was moved when it failed.
    const isWaiting = await isFailing(stage, target);
    const since = Date.now();
    const password = newPassword();
    await patiently(() =>
      administer(
        stage.clusters.targets.current(),
        `ALTER ROLE ${id(target.role)} PASSWORD ${quoteLiteral(password)}`,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${quoteLiteral(target.role)}`,
      ),
    );
    await nudge(stage, target, choice);
    await delay(holdMs);
    const codes = ['TARGET_SIGN_IN_FAILED'];
    await untilShown(stage, target, codes, since);
    target.password = password;
    await stage.configure(target);
    if (isWaiting) return { struck: 1 };
    const { tenancyId, id: externalDatabaseId } = target;
    return { struck: 1, expects: { kind: 'credentials rotated', tenancyId, externalDatabaseId, codes, since } };
  },
};

export const CUSTOMER_FAULTS: readonly FaultKind[] = [...CHANGES.map(changeFault), lock, rotate];
