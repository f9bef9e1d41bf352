import type { DestinationError } from '@hexclave/sync';
import { classify } from './classify.ts';
import type { PageContext } from './page.ts';
import { forgetParkedSql, parkSql } from './parked.ts';
import { runStatements } from './transaction.ts';

/**
 * Applies items inside an open transaction, in halves of halves where some are refused, and parks the refused ones. About
 * 2 log2(n) statements for each refused item. Returns how many were parked.
 */
export async function divide<Item>(
  context: PageContext,
  items: readonly Item[],
  statement: (items: readonly Item[]) => string,
  keyOf: (item: Item) => readonly string[],
): Promise<number> {
  const [first] = items;
  if (first === undefined) return 0;
  const refusal = await tryItems(context, statement(items), items.map(keyOf));
  if (refusal === null) return 0;
  if (items.length === 1) {
    await runStatements(context.client, [parkSql(context.names, context.target, keyOf(first), refusal)]);
    return 1;
  }
  const half = Math.ceil(items.length / 2);
  const parked = await divide(context, items.slice(0, half), statement, keyOf);
  return parked + (await divide(context, items.slice(half), statement, keyOf));
}

/** Returns why the items were refused, having undone them; throws what has nothing to do with rows. */
async function tryItems(
  { client, names, target }: PageContext,
  statement: string,
  keys: readonly (readonly string[])[],
): Promise<DestinationError | null> {
  const statements = [statement, forgetParkedSql(names, target, keys), 'RELEASE SAVEPOINT items'];
  // By itself: a message with a character that the target's encoding lacks is refused before any of it is run.
  await runStatements(client, ['SAVEPOINT items']);
  try {
    await client.query(statements.join(';\n'));
    return null;
  } catch (error) {
    const refusal = classify(error, target);
    if (refusal.scope !== 'row') throw refusal;
    await client.query('ROLLBACK TO SAVEPOINT items');
    return refusal;
  }
}
