import { setTimeout as delay } from 'node:timers/promises';
import type { Queryable } from '@hexclave/db';
import { kindOf } from './catalogue.ts';
import type { Context, Operation } from './operation.ts';

/** Several writes that happen together or not at all. */
export type Transaction = {
  /** When it begins, in ms after the start of the run. */
  readonly at: number;
  /** Which writer runs it. */
  readonly writer: number;
  readonly operations: readonly Operation[];
  readonly outcome: 'commit' | 'rollback';
  /** How long it stays open after the first operation, in ms. */
  readonly openMs: number;
};

/** All locks at once and in one order, so that writers do not wait for each other in a circle over them. */
const LOCK = 'SELECT pg_advisory_xact_lock(hashtextextended(l.name, 0)) FROM unnest($1::text[]) l (name)';

/** Names beginning with `*` are of all tenancies together. */
function lockNames(operations: readonly Operation[]): string[] {
  const names = operations.flatMap((operation) =>
    kindOf(operation)
      .locks(operation)
      .map((name) => (name.startsWith('*') ? name : `${operation.tenancy}/${name}`)),
  );
  return [...new Set(names)].sort();
}

export async function runOperations(
  tx: Queryable,
  { operations, openMs }: Pick<Transaction, 'operations' | 'openMs'>,
  context: Context,
): Promise<void> {
  await tx.query(LOCK, [lockNames(operations)]);
  for (const [index, operation] of operations.entries()) {
    const tenancyId = context.tenancies[operation.tenancy];
    if (tenancyId === undefined) throw new Error(`There is no tenancy ${operation.tenancy}`);
    for (const { text, values } of kindOf(operation).statements(operation, tenancyId, context)) {
      await tx.query(text, values);
    }
    // Not slept by PostgreSQL: when its clock is set back in the middle, it sleeps, with all its locks, until the time has come again.
    if (index === 0 && openMs > 0) await delay(openMs);
  }
}
