import { randomBytes } from 'node:crypto';
import type { DashboardSession } from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { sql } from 'kysely';
import type { KeptActor } from '../services/actor.ts';
import type { Authentication } from '../services/authentication.ts';
import { hashKey } from '../services/keys.ts';
import { INTERNAL_PROJECT_ID, MAIN_BRANCH_ID } from '../services/projects.ts';
import { build, read, run, write } from '../services/statements.ts';
import { millisOf } from '../services/values.ts';

/**
 * A session ends a week after its start, or half a day after a person has last used it. What a page does by itself, as
 * following the status or asking for the session, is no use: an open page in an empty room must not keep it.
 */
export const SESSION_SECONDS = 7 * 24 * 3_600;
const IDLE_SECONDS = 12 * 3_600;
/** Writing down each use would be a write for each press of a key. */
const USE_IS_NOTED_AFTER_SECONDS = 60;
const TOKEN_BYTES = 32;

/** The key set that a session was begun with, and the hash of its key. */
export type SessionOwner = { projectId: string; keySetId: string; keyHash: Buffer };

/** A session that is good at the moment. */
export type LiveSession = DashboardSession & { keySetId: string; keyHint: string | null };

/** Begins a session and returns the token that stands for it, which is kept nowhere. Clears away ended sessions. */
export async function beginSession(database: Database, owner: SessionOwner): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  await write(database, build.deleteFrom('DashboardSession').where(sql<boolean>`NOT ${isAlive('DashboardSession')}`));
  const values = { ...owner, tokenHash: hashKey(token), expiresAt: secondsFromNow(SESSION_SECONDS) };
  await write(database, build.insertInto('DashboardSession').values(values));
  return token;
}

/** Looks a session up. It ends with its key: when that is revoked, expires, or is exchanged for another. */
export async function findSession(database: Database, token: string): Promise<LiveSession | undefined> {
  const statement = good()
    .innerJoin('Project as p', 'p.id', 's.projectId')
    .select(['s.projectId', 's.keySetId', 's.expiresAt', 'p.displayName', 'k.superSecretAdminKeyHint as keyHint'])
    .where('s.tokenHash', '=', hashKey(token));
  const [row] = await read(database, statement);
  if (row === undefined) return undefined;
  return {
    project_id: row.projectId,
    project_display_name: row.displayName,
    is_operator: row.projectId === INTERNAL_PROJECT_ID,
    expires_at_millis: millisOf(row.expiresAt),
    keySetId: row.keySetId,
    keyHint: row.keyHint,
  };
}

/** Those of the tokens whose sessions are good. */
export async function findGood(database: Database, tokens: readonly string[]): Promise<Set<string>> {
  const hashes = new Map(tokens.map((token) => [token, hashKey(token)]));
  const rows = await read(
    database,
    good()
      .select('s.tokenHash')
      .where('s.tokenHash', 'in', [...hashes.values()]),
  );
  const found = new Set(rows.map(({ tokenHash }) => tokenHash.toString('hex')));
  return new Set(tokens.filter((token) => found.has(hashes.get(token)?.toString('hex') ?? '')));
}

/** Sessions that are alive, and whose key is. */
function good() {
  return build
    .selectFrom('DashboardSession as s')
    .innerJoin('ApiKeySet as k', (join) =>
      join
        .onRef('k.projectId', '=', 's.projectId')
        .onRef('k.id', '=', 's.keySetId')
        .onRef('k.superSecretAdminKeyHash', '=', 's.keyHash'),
    )
    .where(isAlive('s'))
    .where(sql<boolean>`k."expiresAt" > now() AND k."manuallyRevokedAt" IS NULL`);
}

export async function endSession(tx: Queryable, token: string): Promise<void> {
  await run(tx, build.deleteFrom('DashboardSession').where('tokenHash', '=', hashKey(token)));
}

/** What a session may do in a project: everything in its own, and an operator's in each. `undefined`: nothing. */
export async function authenticationOf(
  database: Database,
  session: LiveSession,
  projectId: string,
): Promise<Authentication | undefined> {
  if (projectId !== session.project_id && !session.is_operator) return undefined;
  const statement = build
    .selectFrom('Tenancy')
    .select('id')
    .where('projectId', '=', projectId)
    .where('branchId', '=', MAIN_BRANCH_ID);
  const [tenancy] = await read(database, statement);
  if (tenancy === undefined) return undefined;
  const { keySetId } = session;
  return {
    projectId,
    branchId: MAIN_BRANCH_ID,
    tenancyId: tenancy.id,
    access: 'admin',
    keySetId,
    actor: actorOf(session),
  };
}

/** As whom somebody acts who is signed in. */
export function actorOf({ is_operator, keySetId, keyHint }: LiveSession): KeptActor {
  return { kind: is_operator ? 'operator' : 'owner', keySetId, keyHint, origin: 'dashboard' };
}

/** A person uses a session, which has been found to be good. */
export async function noteUse(database: Database, token: string): Promise<void> {
  const statement = build
    .updateTable('DashboardSession')
    .set({ lastUsedAt: sql<Date>`now()` })
    .where('tokenHash', '=', hashKey(token))
    .where('lastUsedAt', '<', secondsFromNow(-USE_IS_NOTED_AFTER_SECONDS));
  await write(database, statement);
}

/** By the database's clock, which all servers share. */
function isAlive(table: string) {
  return sql<boolean>`(${sql.ref(`${table}.expiresAt`)} > now() AND ${sql.ref(`${table}.lastUsedAt`)} > ${secondsFromNow(-IDLE_SECONDS)})`;
}

function secondsFromNow(seconds: number) {
  return sql<Date>`now() + make_interval(secs => ${sql.lit(seconds)})`;
}
