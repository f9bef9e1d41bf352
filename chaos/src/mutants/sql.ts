import type { Database } from '@hexclave/db';
import { quoteIdentifier } from '@hexclave/db';

/** Changes the text of a function of the internal database, wherever `find` is in it. Fails when it is nowhere. */
export function rewriteFunction(name: string, find: string, replace: string): (db: Database) => Promise<void> {
  return async (db) => {
    const [found] = await db.query<{ text: string }>(
      `SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc p WHERE p.proname = $1`,
      [name],
    );
    if (found === undefined || !found.text.includes(find)) {
      throw new Error(`The function ${name} has no text to be changed: ${find}`);
    }
    await db.query(found.text.replaceAll(find, () => replace));
  };
}

/** Drops triggers; fails when there is none of that name. */
export function dropTriggers(table: string, ...names: readonly string[]): (db: Database) => Promise<void> {
  return async (db) => {
    for (const name of names) await db.query(`DROP TRIGGER ${quoteIdentifier(name)} ON ${quoteIdentifier(table)}`);
  };
}
