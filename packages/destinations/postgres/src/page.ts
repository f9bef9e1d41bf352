import {
  type ApplyResult,
  type DestinationError,
  keyOf,
  type Page,
  type Position,
  type TargetOwner,
  type TargetTable,
} from '@hexclave/sync';
import type pg from 'pg';
import type { ApplySql } from './apply-sql.ts';
import { divide } from './divide.ts';
import { BEGIN, fenceSql, moveSql, type Names } from './names.ts';
import { forgetParkedSql, parkedAmongSql } from './parked.ts';
import { isFenced, rollback, runStatements } from './transaction.ts';

/** What it takes to change one target table. */
export type PageContext = {
  readonly client: pg.Client;
  readonly names: Names;
  readonly owner: TargetOwner;
  readonly target: TargetTable;
  readonly sql: ApplySql;
  /** Whether rows of this mapping may be parked: spares every batch a look when none are. */
  readonly mayHaveParked: boolean;
  /** What a failure of the client comes to, as precisely as it can be told. */
  readonly explain: (error: unknown) => Promise<DestinationError>;
};

/**
 * Applies a page and moves the position, in one transaction and, as long as no row is refused, one round trip. When rows
 * are refused, the page is applied again in halves of halves, until those rows alone are parked.
 */
export async function applyPage(context: PageContext, page: Page, from: Position, to: Position): Promise<ApplyResult> {
  const { client, names, owner, target, sql } = context;
  const fence = fenceSql(names, owner, target, from);
  const move = moveSql(names, target, to);
  const upserts = page.upserts.length === 0 ? [] : [sql.upsertPage(page.upserts, page.sweep !== undefined)];
  const statements = [BEGIN, fence, ...removals(context, page), ...upserts, ...forget(context, page), move, 'COMMIT'];
  try {
    await runStatements(client, statements, target);
    return { kind: 'applied', rows: page.upserts.length + page.deletes.length, parked: 0 };
  } catch (error) {
    if (isFenced(error)) return { kind: 'fenced' };
    if ((error as DestinationError).scope !== 'row') throw error;
  }
  return applyDividing(context, async () => page, fence, move);
}

/**
 * Applies rows outside the order of the cursor, for those that were parked. The position must still be the one at which
 * they were read: then no batch with newer values of them can have been applied since. And they must still be parked, or
 * another retry has applied them, which may have read newer values that are not numbered yet.
 */
export async function applyParked(context: PageContext, page: Page, at: Position): Promise<ApplyResult> {
  const fence = fenceSql(context.names, context.owner, context.target, at);
  return applyDividing(context, () => onlyParked(context, page), fence, moveSql(context.names, context.target, at));
}

async function onlyParked({ client, names, target }: PageContext, page: Page): Promise<Page> {
  const keys = [...page.upserts.map((row) => keyOf(target, row)), ...page.deletes];
  if (keys.length === 0) return page;
  const [result] = await runStatements(client, [parkedAmongSql(names, target, keys)]);
  const parked = new Set((result?.rows ?? []).map((row: { key: string[] }) => JSON.stringify(row.key)));
  const isParked = (key: readonly string[]) => parked.has(JSON.stringify(key));
  return {
    ...page,
    upserts: page.upserts.filter((row) => isParked(keyOf(target, row))),
    deletes: page.deletes.filter(isParked),
  };
}

/** Deletes come before upserts: a value freed by one row may be taken by another, under a constraint of the customer's. */
function removals({ target, sql }: PageContext, page: Page): string[] {
  const keys = page.upserts.map((row) => keyOf(target, row));
  return [
    ...(page.sweep === undefined ? [] : [sql.sweepPage(page.sweep, keys)]),
    ...(page.deletes.length === 0 ? [] : [sql.deletePage(page.deletes)]),
  ];
}

function forget({ names, target, mayHaveParked }: PageContext, page: Page): string[] {
  const keys = [...page.upserts.map((row) => keyOf(target, row)), ...page.deletes];
  return mayHaveParked && keys.length > 0 ? [forgetParkedSql(names, target, keys)] : [];
}

/**
 * A page whose rows are refused in part: everything is applied in halves of halves, and what is left over is parked.
 * `pageBehindFence` is called once the position is locked.
 */
async function applyDividing(
  context: PageContext,
  pageBehindFence: () => Promise<Page>,
  fence: string,
  move: string,
): Promise<ApplyResult> {
  const { client, sql, target } = context;
  try {
    // Deferred constraints would otherwise strike at COMMIT, when no single row can be told apart any more.
    await runStatements(client, [BEGIN, 'SET CONSTRAINTS ALL IMMEDIATE', fence]);
    const page = await pageBehindFence();
    const deletes = await keysToDelete(context, page);
    const kept = await divide(context, deletes, sql.deletePage, (key) => key);
    const refused = await divide(
      context,
      page.upserts,
      (rows) => sql.upsertPage(rows, false),
      (row) => keyOf(target, row),
    );
    await runStatements(client, [move, 'COMMIT']);
    const parked = kept + refused;
    return { kind: 'applied', rows: page.upserts.length + page.deletes.length - parked, parked };
  } catch (error) {
    await rollback(client, error);
    if (isFenced(error)) return { kind: 'fenced' };
    throw error;
  }
}

/** The keys that a page deletes, those of rows that only the target has included. */
async function keysToDelete({ client, target, sql }: PageContext, page: Page): Promise<(readonly string[])[]> {
  if (page.sweep === undefined) return [...page.deletes];
  const named = page.upserts.map((row) => keyOf(target, row));
  const [result] = await runStatements(client, [sql.keysToSweep(page.sweep, named)]);
  return [...page.deletes, ...(result?.rows ?? []).map((row: { key: string[] }) => row.key)];
}
