import type { Queryable } from '@hexclave/db';
import type { KeptActor } from './actor.ts';
import type { Doer } from './audit.ts';
import type { Side, Target } from './target-project.ts';

/** In place of an id: the whole project. */
export const WHOLE_PROJECT = '*';

/** One side's pause of a project or of one external database. */
export type PauseRow = {
  readonly projectId: string;
  /** Or {@link WHOLE_PROJECT}. */
  readonly externalDatabaseId: string;
  readonly pausedBy: Side;
  readonly actor: KeptActor | null;
  readonly since: Date;
  readonly reason: string | null;
};

/** Whether the owner's configuration says that `d` is paused: the one place where their own pause of a database is. */
const SET_BY_OWNER = `(c."config" #>> ARRAY['dbSync', 'externalDatabases', d."id", 'paused']) = 'true'`;

/**
 * What is paused, also where the configuration says so and nobody noted it, as in versions before this one. `$1` a tenancy,
 * or NULL: of all.
 */
const LIST = `
  SELECT t."projectId", p."externalDatabaseId", p."pausedBy", p."actor", p."since", p."reason"
  FROM "SyncPause" p JOIN "Tenancy" t ON t."id" = p."tenancyId"
  WHERE ($1::uuid IS NULL OR p."tenancyId" = $1)
    AND (p."externalDatabaseId" = '${WHOLE_PROJECT}' OR p."pausedBy" = 'operator' OR EXISTS (
      SELECT 1 FROM "ExternalDatabase" d, "EnvironmentConfigOverride" c
      WHERE d."tenancyId" = p."tenancyId" AND d."id" = p."externalDatabaseId"
        AND c."projectId" = t."projectId" AND c."branchId" = t."branchId" AND ${SET_BY_OWNER}))
  UNION ALL
  SELECT t."projectId", d."id", 'owner', NULL, d."updatedAt", NULL
  FROM "ExternalDatabase" d JOIN "Tenancy" t ON t."id" = d."tenancyId"
  JOIN "EnvironmentConfigOverride" c ON c."projectId" = t."projectId" AND c."branchId" = t."branchId"
  WHERE ($1::uuid IS NULL OR d."tenancyId" = $1) AND d."paused" AND ${SET_BY_OWNER}
    AND NOT EXISTS (SELECT 1 FROM "SyncPause" o
      WHERE o."tenancyId" = d."tenancyId" AND o."externalDatabaseId" = d."id" AND o."pausedBy" = 'owner')
  ORDER BY 1, 2, 3`;

export function readPauses(queryable: Queryable, tenancyId: string | null): Promise<PauseRow[]> {
  return queryable.query<PauseRow>(LIST, [tenancyId]);
}

/** Notes a pause. One that is there keeps its beginning, and gets the new reason. */
export async function writePause(
  tx: Queryable,
  { tenancyId }: Target,
  externalDatabaseId: string,
  side: Side,
  { actor }: Doer,
  reason: string | null,
): Promise<void> {
  await tx.query(
    `INSERT INTO "SyncPause" ("tenancyId", "externalDatabaseId", "pausedBy", "actor", "reason") VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT ("tenancyId", "externalDatabaseId", "pausedBy") DO UPDATE SET "actor" = excluded."actor", "reason" = excluded."reason"`,
    [tenancyId, externalDatabaseId, side, JSON.stringify(actor), reason],
  );
}

/** Returns whether there was one. */
export async function removePause(
  tx: Queryable,
  { tenancyId }: Target,
  externalDatabaseId: string,
  side: Side,
): Promise<boolean> {
  const removed = await tx.query(
    `DELETE FROM "SyncPause" WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND "pausedBy" = $3 RETURNING 1`,
    [tenancyId, externalDatabaseId, side],
  );
  return removed.length > 0;
}

export async function noteOwnerPause(
  tx: Queryable,
  owner: Target,
  id: string,
  by: Doer,
  reason: string | null,
): Promise<void> {
  await writePause(tx, owner, id, 'owner', by, reason);
}

export async function forgetOwnerPause(tx: Queryable, owner: Target, id: string): Promise<void> {
  await removePause(tx, owner, id, 'owner');
}

/**
 * Makes the flag that the pipeline looks at what the pauses come to, for one external database or {@link WHOLE_PROJECT}.
 * Without the owner's it is off; a trigger keeps it on where other pauses remain.
 */
export async function applyPauses(tx: Queryable, target: Target, externalDatabaseId: string): Promise<void> {
  await tx.query(
    `UPDATE "ExternalDatabase" d SET "paused" = COALESCE(${SET_BY_OWNER}, false)
     FROM "EnvironmentConfigOverride" c
     WHERE c."projectId" = $2 AND c."branchId" = $3 AND d."tenancyId" = $1 AND $4 IN ('${WHOLE_PROJECT}', d."id")`,
    [target.tenancyId, target.projectId, target.branchId, externalDatabaseId],
  );
}
