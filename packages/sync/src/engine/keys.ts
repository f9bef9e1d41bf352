import { errorCode, type Queryable } from '@hexclave/db';
import type { TrackedTable } from '../declare/tracked-table.ts';
import type { Key } from '../destination.ts';

const DATA_EXCEPTION = '22';

/** Whether a statement failed because a text is no value of the type that it is to be. */
export function isNoValue(error: unknown): boolean {
  return errorCode(error)?.startsWith(DATA_EXCEPTION) === true;
}

/** Whether what a target calls a key can be the key of a row here: its owner may have written anything. */
export async function isKey(db: Queryable, { key: columns }: TrackedTable, key: Key): Promise<boolean> {
  const types = Object.values(columns);
  if (key.length !== types.length) return false;
  try {
    await db.query(`SELECT ${types.map((type, index) => `$${index + 1}::${type}`).join(', ')}`, key);
    return true;
  } catch (error) {
    if (isNoValue(error)) return false;
    throw error;
  }
}
