import type { AuditAction, AuditEvent, AuditLog, AuditQuery } from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { type Selectable, sql } from 'kysely';
import { SERVER_ACTOR, toActor } from './actor.ts';
import type { Authentication } from './authentication.ts';
import { afterCursor, pageOf, readPage } from './page.ts';
import type { InternalTables } from './schema.ts';
import { build } from './statements.ts';
import { millisOf } from './values.ts';

/** Who is asking, as far as it is written down. */
export type Doer = Pick<Authentication, 'actor' | 'requestId'>;

/** What the server does by itself, as at its start. */
export const BY_SERVER: Doer = { actor: SERVER_ACTOR };

/** Something that was done. `before` and `after` must be free of secrets: nothing is taken out here. */
export type AuditEntry = {
  readonly action: AuditAction;
  /** `null`: it is about the whole installation. */
  readonly projectId: string | null;
  readonly externalDatabaseId?: string | null | undefined;
  readonly mapping?: string | null | undefined;
  readonly before?: object | undefined;
  readonly after?: object | undefined;
  readonly reason?: string | null | undefined;
  /** Default: `done`. */
  readonly result?: AuditEvent['result'];
};

/** How long events are kept. Also said in docs/operations/control.md and in the description of the route. */
const KEPT_FOR = "interval '365 days'";
/** Each event takes so many old ones away: the log needs no keeper, and no event waits for a large clean-up. */
const FORGOTTEN_AT_ONCE = 100;

export const FORGET_OLD_EVENTS = `
    DELETE FROM "AuditEvent" WHERE "id" = ANY (ARRAY(
      SELECT "id" FROM "AuditEvent" WHERE "at" < now() - ${KEPT_FOR} ORDER BY "at" LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED))`;

const RECORD = `
  WITH forgotten AS (${FORGET_OLD_EVENTS})
  INSERT INTO "AuditEvent" ("action", "projectId", "externalDatabaseId", "mapping", "actor", "before", "after", "reason", "result", "requestId")
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

/** Writes down what was done: in the transaction that does it, so that neither can be without the other. */
export async function recordAudit(tx: Queryable, { actor, requestId }: Doer, entry: AuditEntry): Promise<void> {
  await tx.query(RECORD, [
    ...[entry.action, entry.projectId, entry.externalDatabaseId ?? null, entry.mapping ?? null],
    ...[JSON.stringify(actor), jsonOf(entry.before), jsonOf(entry.after), entry.reason ?? null],
    ...[entry.result ?? 'done', requestId ?? null],
  ]);
}

function jsonOf(state: object | undefined): string | null {
  return state === undefined ? null : JSON.stringify(state);
}

type Row = Selectable<InternalTables['AuditEvent']>;

/** The newest first. `projectId` undefined: of all projects, which only the operator may see. */
export async function listAuditEvents(
  database: Database,
  projectId: string | undefined,
  isForOperator: boolean,
  query: AuditQuery,
): Promise<AuditLog> {
  const page = { ...query, desc: true };
  let statement = build
    .selectFrom('AuditEvent as e')
    .selectAll()
    .select(sql<string>`e."at"::text`.as('atText'))
    .where(sql<boolean>`e."at" >= now() - ${sql.raw(KEPT_FOR)}`)
    .orderBy('e.at', 'desc')
    .orderBy('e.id', 'desc')
    .limit(query.limit + 1);
  if (projectId !== undefined) statement = statement.where('e.projectId', '=', projectId);
  if (query.action !== undefined) statement = statement.where('e.action', '=', query.action);
  if (query.external_database_id !== undefined) {
    statement = statement.where('e.externalDatabaseId', '=', query.external_database_id);
  }
  const after = afterCursor(page, 'e.at', 'e.id');
  if (after) statement = statement.where(after);
  const rows = await readPage(database, statement, page, { time: 'at', id: 'id' });
  return pageOf(
    rows,
    page,
    (row) => ({ at: row.atText, id: row.id }),
    (row) => toEvent(row, isForOperator),
  );
}

function toEvent(row: Row, isForOperator: boolean): AuditEvent {
  return {
    id: row.id,
    at_millis: millisOf(row.at),
    action: row.action,
    project_id: row.projectId,
    external_database_id: row.externalDatabaseId,
    mapping: row.mapping,
    actor: toActor(row.actor, isForOperator),
    before: row.before,
    after: row.after,
    reason: row.reason,
    result: row.result,
    request_id: row.requestId,
  };
}
