import { randomUUID } from 'node:crypto';
import {
  type ApiKeySet,
  type ApiKeySetCreate,
  type ApiKeySetUpdate,
  type CreatedApiKeySet,
  KnownError,
} from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { type Selectable, sql } from 'kysely';
import { type Doer, recordAudit } from './audit.ts';
import { withMeanings } from './constraints.ts';
import { generateKey, hashKey, hintOf } from './keys.ts';
import type { InternalTables } from './schema.ts';
import { build, read, run } from './statements.ts';
import { given, millisOf } from './values.ts';

type Row = Selectable<InternalTables['ApiKeySet']>;

/** Creates a set of keys. The answer is the only place where they ever appear. */
export async function createApiKeySet(
  database: Database,
  projectId: string,
  by: Doer,
  input: ApiKeySetCreate,
): Promise<CreatedApiKeySet> {
  const keys = given({
    publishable_client_key: input.has_publishable_client_key ? generateKey('client') : undefined,
    secret_server_key: input.has_secret_server_key ? generateKey('server') : undefined,
    super_secret_admin_key: input.has_super_secret_admin_key ? generateKey('admin') : undefined,
  });
  const statement = build
    .insertInto('ApiKeySet')
    .values({
      projectId,
      id: randomUUID(),
      description: input.description,
      expiresAt: new Date(input.expires_at_millis),
      ...columnsOf(keys),
    })
    .returningAll();
  const created = database.transaction(async (tx) => {
    const [row] = await run(tx, statement);
    await recordAudit(tx, by, { action: 'api_key.create', projectId, after: toApiKeySet(row as Row) });
    return row as Row;
  });
  const row = await withMeanings(created, {
    ApiKeySet_projectId_fkey: () => new KnownError('PROJECT_NOT_FOUND', { project_id: projectId }),
  });
  return { ...baseOf(row), ...keys };
}

export async function listApiKeySets(
  database: Database,
  projectId: string,
): Promise<{ is_paginated: false; items: ApiKeySet[] }> {
  const statement = build
    .selectFrom('ApiKeySet')
    .selectAll()
    .where('projectId', '=', projectId)
    .orderBy('createdAt')
    .orderBy('id');
  const rows = await read(database, statement);
  return { is_paginated: false, items: rows.map(toApiKeySet) };
}

export async function getApiKeySet(database: Database, projectId: string, id: string): Promise<ApiKeySet> {
  const statement = build.selectFrom('ApiKeySet').selectAll().where('projectId', '=', projectId).where('id', '=', id);
  return toApiKeySetOrThrow((await read(database, statement))[0]);
}

export async function updateApiKeySet(
  database: Database,
  projectId: string,
  by: Doer,
  id: string,
  update: ApiKeySetUpdate,
): Promise<ApiKeySet> {
  if (update.description === undefined && update.revoked === undefined) {
    return await getApiKeySet(database, projectId, id);
  }
  return database.transaction(async (tx) => {
    const before = await lockKeySet(tx, projectId, id);
    const statement = build
      .updateTable('ApiKeySet')
      .set({
        ...given({ description: update.description }),
        ...(update.revoked && { manuallyRevokedAt: sql<Date>`COALESCE("manuallyRevokedAt", now())` }),
      })
      .where('projectId', '=', projectId)
      .where('id', '=', id)
      .returningAll();
    const after = toApiKeySetOrThrow((await run(tx, statement))[0]);
    const action = update.revoked ? 'api_key.revoke' : 'api_key.update';
    await recordAudit(tx, by, { action, projectId, before, after });
    return after;
  });
}

async function lockKeySet(tx: Queryable, projectId: string, id: string): Promise<ApiKeySet> {
  const statement = build
    .selectFrom('ApiKeySet')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('id', '=', id)
    .forUpdate();
  return toApiKeySetOrThrow((await run(tx, statement))[0]);
}

function columnsOf(
  keys: Pick<CreatedApiKeySet, 'publishable_client_key' | 'secret_server_key' | 'super_secret_admin_key'>,
) {
  const { publishable_client_key: client, secret_server_key: server, super_secret_admin_key: admin } = keys;
  return {
    ...(client && { publishableClientKeyHash: hashKey(client), publishableClientKeyHint: hintOf(client) }),
    ...(server && { secretServerKeyHash: hashKey(server), secretServerKeyHint: hintOf(server) }),
    ...(admin && { superSecretAdminKeyHash: hashKey(admin), superSecretAdminKeyHint: hintOf(admin) }),
  };
}

function toApiKeySetOrThrow(row: Row | undefined): ApiKeySet {
  if (row === undefined) throw new KnownError('API_KEY_NOT_FOUND', {});
  return toApiKeySet(row);
}

function toApiKeySet(row: Row): ApiKeySet {
  const shown = (hint: string | null) => (hint === null ? undefined : { last_four: hint });
  return {
    ...baseOf(row),
    ...given({
      publishable_client_key: shown(row.publishableClientKeyHint),
      secret_server_key: shown(row.secretServerKeyHint),
      super_secret_admin_key: shown(row.superSecretAdminKeyHint),
    }),
  };
}

function baseOf(row: Row) {
  return {
    id: row.id,
    description: row.description,
    created_at_millis: millisOf(row.createdAt),
    expires_at_millis: millisOf(row.expiresAt),
    ...(row.manuallyRevokedAt !== null && { manually_revoked_at_millis: millisOf(row.manuallyRevokedAt) }),
  };
}
