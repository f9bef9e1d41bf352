import {
  KnownError,
  type RetryRequest,
  type Verification,
  type VerificationList,
  type VerificationRequest,
  type VerificationStatus,
} from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import {
  listVerifications as listRuns,
  readVerification,
  requestResync,
  requestVerification,
  retryNow,
  type VerificationRun,
} from '@hexclave/sync';
import { type Doer, recordAudit } from './audit.ts';
import type { Authentication } from './authentication.ts';
import type { ConfigServices } from './config.ts';
import type { Target } from './target-project.ts';

type Services = Pick<ConfigServices, 'database' | 'mappings'>;

/** So many runs are listed. */
const LISTED = 20;

/** Queues a comparison of an external database with its source. */
export async function startVerification(
  services: Services,
  by: Authentication,
  { tenancyId, projectId }: Target,
  request: VerificationRequest,
): Promise<Verification> {
  const { database } = services;
  const externalDatabaseId = request.external_database_id;
  const { paused } = await copiedMappings(services, tenancyId, externalDatabaseId, request.mapping);
  if (paused && request.repair) {
    throw new KnownError('EXTERNAL_DATABASE_PAUSED', { external_database_id: externalDatabaseId });
  }
  const { mapping = null, repair } = request;
  const run = await database.transaction(async (tx) => {
    const requested = { tenancyId, externalDatabaseId, mapping, repair, requestedBy: by.keySetId };
    const queued = await requestVerification(tx, requested);
    if (queued === null) return null;
    await recordAudit(tx, by, {
      ...{ action: repair ? 'sync.repair' : 'sync.verify', projectId, externalDatabaseId, mapping },
      ...{ after: { verification_id: queued.id }, result: 'queued' },
    });
    return queued;
  });
  if (run !== null) return toVerification(run);
  const active = await activeRun(database, tenancyId, externalDatabaseId);
  if (active === undefined) {
    // Removed, or ended, at this very moment.
    throw new KnownError('EXTERNAL_DATABASE_NOT_FOUND', { external_database_id: externalDatabaseId });
  }
  throw new KnownError('VERIFICATION_UNDER_WAY', { verification_id: active });
}

export async function getVerification(database: Database, tenancyId: string, id: string): Promise<Verification> {
  const run = await readVerification(database, tenancyId, id);
  if (run === null) throw new KnownError('VERIFICATION_NOT_FOUND', { verification_id: id });
  return toVerification(run);
}

export async function listVerifications(database: Database, tenancyId: string): Promise<VerificationList> {
  const runs = await listRuns(database, tenancyId, LISTED);
  return { is_paginated: false, items: runs.map(toVerification), mappings: await statusOf(database, tenancyId) };
}

/** Has an external database, or one mapping of it, copied anew. Returns the mappings. */
export async function resync(
  services: Services,
  by: Doer,
  { tenancyId, projectId }: Target,
  { external_database_id: externalDatabaseId, mapping }: { external_database_id: string; mapping?: string | undefined },
): Promise<string[]> {
  const { mappings } = await copiedMappings(services, tenancyId, externalDatabaseId, mapping);
  const found = await services.database.transaction(async (tx) => {
    if (!(await requestResync(tx, tenancyId, externalDatabaseId, mappings))) return false;
    await recordAudit(tx, by, {
      ...{ action: 'sync.resync', projectId, externalDatabaseId, mapping },
      ...{ after: { mappings }, result: 'queued' },
    });
    return true;
  });
  if (!found) throw new KnownError('EXTERNAL_DATABASE_NOT_FOUND', { external_database_id: externalDatabaseId });
  return mappings;
}

/** Has what waits for its next attempt tried again at once. Returns whether anything was waiting. */
export async function retry(
  services: Services,
  by: Doer,
  { tenancyId, projectId }: Target,
  { external_database_id: externalDatabaseId, mapping, reason }: RetryRequest,
): Promise<boolean> {
  const { paused } = await copiedMappings(services, tenancyId, externalDatabaseId, mapping);
  if (paused) throw new KnownError('EXTERNAL_DATABASE_PAUSED', { external_database_id: externalDatabaseId });
  return services.database.transaction(async (tx) => {
    const retried = await retryNow(tx, { tenancyId, externalDatabaseId, mapping });
    await recordAudit(tx, by, {
      ...{ action: 'sync.retry', projectId, externalDatabaseId, mapping, reason },
      ...{ after: { retried }, result: 'queued' },
    });
    return retried;
  });
}

/** The mappings that are meant. Throws a known error for a database or a mapping that there is not. */
export async function copiedMappings(
  { database, mappings }: Services,
  tenancyId: string,
  externalDatabaseId: string,
  mapping: string | undefined,
): Promise<{ mappings: string[]; paused: boolean }> {
  const [row] = await database.query<{ paused: boolean; tables: Record<string, { enabled?: boolean }> | null }>(
    'SELECT "paused", "tables" FROM "ExternalDatabase" WHERE "tenancyId" = $1 AND "id" = $2',
    [tenancyId, externalDatabaseId],
  );
  if (row === undefined) {
    throw new KnownError('EXTERNAL_DATABASE_NOT_FOUND', { external_database_id: externalDatabaseId });
  }
  const copied = Object.keys(mappings).filter((name) => row.tables?.[name]?.enabled !== false);
  if (mapping !== undefined && !copied.includes(mapping)) throw new KnownError('MAPPING_NOT_COPIED', { mapping });
  return { mappings: mapping === undefined ? copied : [mapping], paused: row.paused };
}

async function activeRun(
  database: Database,
  tenancyId: string,
  externalDatabaseId: string,
): Promise<string | undefined> {
  const [run] = await database.query<{ id: string }>(
    `SELECT "id" FROM "VerificationRun" WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND "state" IN ('queued', 'running')`,
    [tenancyId, externalDatabaseId],
  );
  return run?.id;
}

function toVerification(run: VerificationRun): Verification {
  const mappings = run.result.map(({ startedAt: _startedAt, standsStill: _standsStill, ...result }) => result);
  return {
    id: run.id,
    external_database_id: run.externalDatabaseId,
    mapping: run.mapping,
    repair: run.repair,
    requested_by: run.requestedBy,
    state: run.state,
    rows_compared: mappings.reduce((sum, { rows }) => sum + rows, 0),
    rows_expected: Number(run.rowsExpected),
    mappings,
    differences: run.differences.map((found) => ({ ...found, key: [...found.key] })),
    error: errorOf(run),
    created_at_millis: run.createdAt.getTime(),
    started_at_millis: run.startedAt?.getTime() ?? null,
    finished_at_millis: run.finishedAt?.getTime() ?? null,
    turns: run.turns,
  };
}

function errorOf({ errorCode, errorSqlState, errorMessage, errorRemedy }: VerificationRun): Verification['error'] {
  if (errorCode === null) return null;
  return { code: errorCode, sql_state: errorSqlState, message: errorMessage ?? '', remedy: errorRemedy ?? '' };
}

type StatusRow = {
  externalDatabaseId: string;
  mapping: string;
  verifiedThrough: Date | null;
  differingRows: bigint;
  repairedRows: bigint;
  differingSince: Date | null;
  parkedRows: bigint;
  code: string | null;
  message: string | null;
  remedy: string | null;
};

async function statusOf(database: Database, tenancyId: string): Promise<VerificationStatus[]> {
  const rows = await database.query<StatusRow>(
    `SELECT "externalDatabaseId", "mapping", "verifiedThrough", "differingRows", "repairedRows", "differingSince", "parkedRows",
       "verificationErrorCode" AS code, "verificationErrorMessage" AS message, "verificationErrorRemedy" AS remedy
     FROM "ExternalDatabaseMappingState" WHERE "tenancyId" = $1 ORDER BY "externalDatabaseId", "mapping"`,
    [tenancyId],
  );
  return rows.map((row) => ({
    external_database_id: row.externalDatabaseId,
    mapping: row.mapping,
    verified_through_millis: row.verifiedThrough?.getTime() ?? null,
    differing_rows: Number(row.differingRows),
    repaired_rows: Number(row.repairedRows),
    differing_since_millis: row.differingSince?.getTime() ?? null,
    parked_rows: Number(row.parkedRows),
    error: row.code === null ? null : { code: row.code, message: row.message ?? '', remedy: row.remedy ?? '' },
  }));
}
