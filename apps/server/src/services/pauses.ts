import { KnownError, type Pause, type PauseList, type PauseRequest, type ResumeRequest } from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { enqueueSync } from '@hexclave/sync';
import { toActor } from './actor.ts';
import { recordAudit } from './audit.ts';
import type { Authentication } from './authentication.ts';
import { type ConfigServices, changeConfig } from './config.ts';
import { lockDocument } from './config-document.ts';
import { applyPauses, type PauseRow, readPauses, removePause, WHOLE_PROJECT, writePause } from './pause-rows.ts';
import { isOperator, sideOf, type Target } from './target-project.ts';

/** What is paused in a project, or, with `null`, in all of them. */
export async function listPauses(
  database: Queryable,
  authentication: Authentication,
  target: Target | null,
): Promise<PauseList> {
  const rows = await readPauses(database, target?.tenancyId ?? null);
  return { is_paginated: false, items: rows.map((row) => toPause(row, isOperator(authentication))) };
}

/** Pauses a project or an external database for the side that asks. Returns all pauses of the project. */
export function pauseSync(
  services: ConfigServices,
  authentication: Authentication,
  target: Target,
  { external_database_id: id, reason }: PauseRequest,
): Promise<PauseList> {
  return change(services.database, authentication, target, id, async (tx) => {
    if (isOwnersOwn(authentication, target, id)) {
      await changeConfig(services, tx, target, authentication, pausedIn(id, true), reason);
      // Said again with another reason, which the configuration cannot tell from nothing.
      await writePause(tx, target, id, 'owner', authentication, reason);
      return;
    }
    await writePause(tx, target, id ?? WHOLE_PROJECT, sideOf(authentication, target), authentication, reason);
    await applyPauses(tx, target, id ?? WHOLE_PROJECT);
    await record(tx, authentication, target, id, true, reason);
  });
}

/** Ends the pause of the side that asks, if there is one. Everything that came meanwhile is queued. */
export function resumeSync(
  services: ConfigServices,
  authentication: Authentication,
  target: Target,
  { external_database_id: id, reason: given }: ResumeRequest,
): Promise<PauseList> {
  const reason = given ?? null;
  return change(services.database, authentication, target, id, async (tx) => {
    if (isOwnersOwn(authentication, target, id)) {
      await changeConfig(services, tx, target, authentication, pausedIn(id, false), reason);
      return;
    }
    if (!(await removePause(tx, target, id ?? WHOLE_PROJECT, sideOf(authentication, target)))) return;
    await applyPauses(tx, target, id ?? WHOLE_PROJECT);
    await enqueueSync(tx, target.tenancyId);
    await record(tx, authentication, target, id, false, reason);
  });
}

/** Under the lock of the configuration: an external database that is added at this moment must not be missed. */
function change(
  database: Database,
  authentication: Authentication,
  target: Target,
  id: string | undefined,
  work: (tx: Queryable) => Promise<void>,
): Promise<PauseList> {
  return database.transaction(async (tx) => {
    await lockDocument(tx, target);
    if (id !== undefined) await assertExternalDatabase(tx, target, id);
    await work(tx);
    return listPauses(tx, authentication, target);
  });
}

/** An owner's pause of one external database is part of their configuration, where they may set it as well. */
function isOwnersOwn(authentication: Authentication, target: Target, id: string | undefined): id is string {
  return id !== undefined && sideOf(authentication, target) === 'owner';
}

function pausedIn(id: string, paused: boolean) {
  return { [`dbSync.externalDatabases.${id}.paused`]: paused };
}

async function assertExternalDatabase(tx: Queryable, { tenancyId }: Target, id: string): Promise<void> {
  const found = await tx.query('SELECT 1 FROM "ExternalDatabase" WHERE "tenancyId" = $1 AND "id" = $2', [
    tenancyId,
    id,
  ]);
  if (found.length === 0) throw new KnownError('EXTERNAL_DATABASE_NOT_FOUND', { external_database_id: id });
}

async function record(
  tx: Queryable,
  authentication: Authentication,
  target: Target,
  id: string | undefined,
  paused: boolean,
  reason: string | null,
): Promise<void> {
  const subject = id === undefined ? 'project' : 'external_database';
  await recordAudit(tx, authentication, {
    action: `${subject}.${paused ? 'pause' : 'resume'}`,
    projectId: target.projectId,
    externalDatabaseId: id,
    after: { paused, by: sideOf(authentication, target) },
    reason,
  });
}

function toPause(row: PauseRow, isForOperator: boolean): Pause {
  return {
    project_id: row.projectId,
    external_database_id: row.externalDatabaseId === WHOLE_PROJECT ? null : row.externalDatabaseId,
    paused_by: row.pausedBy,
    by: row.actor && toActor(row.actor, isForOperator),
    since_millis: row.since.getTime(),
    reason: row.reason,
  };
}
