import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { compareKey, DELETED_AT, type KeyRange, type PageRow, type TargetTable } from '@hexclave/sync';

/** The column of a staging table that marks deleted rows. */
const DELETED_MARK = 'hexclave_deleted';

/** The statements that change one target table. `table` is its qualified, quoted name. */
export type ApplySql = {
  upsertPage(rows: readonly PageRow[], onlyDifferent: boolean): string;
  deletePage(keys: readonly (readonly string[])[]): string;
  /** Deletes the rows of a key range whose keys are not among `keys`. */
  sweepPage(range: KeyRange, keys: readonly (readonly string[])[]): string;
  /** The keys of those rows, as text arrays `key`. */
  keysToSweep(range: KeyRange, keys: readonly (readonly string[])[]): string;
  createStaging(staging: string): string;
  readonly copyColumns: string;
  upsertStaged(staging: string, onlyDifferent: boolean): string;
  deleteStaged(staging: string): string;
  sweepStaged(staging: string, range: KeyRange): string;
};

/** Compiles the statements of one target table. */
export function compileApply(target: TargetTable, table: string): ApplySql {
  const names = target.columns.map((column) => id(column.name));
  const typed = (values: readonly (string | null)[], types: readonly string[]) =>
    `(${values.map((value, index) => `${quoteLiteral(value)}::${types[index]}`).join(', ')})`;
  const columnTypes = target.columns.map((column) => column.type);
  const keys = target.key.map((column) => id(column));
  const sameKey = (other: string) => keys.map((key) => `t.${key} = ${other}.${key}`).join(' AND ');
  const inRange = (range: KeyRange) => {
    const own = keys.map((key) => `t.${key}`);
    const parts = [
      compareKey(own, '>', range.after, target.keyTypes),
      compareKey(own, '<=', range.through, target.keyTypes),
    ].filter((part) => part !== '');
    return parts.length === 0 ? 'true' : parts.join(' AND ');
  };
  const insert = (rows: string, onlyDifferent: boolean) =>
    `INSERT INTO ${table} AS t (${names.join(', ')}) ${rows} ON CONFLICT (${keys.join(', ')}) ${onConflict(target, onlyDifferent)}`;
  const keyValues = (list: readonly (readonly string[])[]) =>
    `(VALUES ${list.map((key) => typed(key, target.keyTypes)).join(', ')}) AS d (${keys.join(', ')})`;
  const surplus = (range: KeyRange, list: readonly (readonly string[])[]) =>
    inRange(range) +
    (list.length === 0 ? '' : ` AND NOT EXISTS (SELECT 1 FROM ${keyValues(list)} WHERE ${sameKey('d')})`);

  return {
    upsertPage: (rows, onlyDifferent) =>
      insert(`VALUES ${rows.map((row) => typed(row, columnTypes)).join(', ')}`, onlyDifferent),
    deletePage: (list) => remove(target, table, `FROM ${keyValues(list)} WHERE ${sameKey('d')}`),
    sweepPage: (range, list) => remove(target, table, `WHERE ${surplus(range, list)}`),
    keysToSweep: (range, list) =>
      `SELECT ARRAY[${keys.map((key) => `t.${key}::text`).join(', ')}] AS key FROM ${table} t WHERE ${surplus(range, list)}${target.deleteMode === 'soft' ? ` AND t.${DELETED_AT} IS NULL` : ''}`,
    createStaging: (staging) =>
      `CREATE TEMP TABLE ${staging} (${[`${DELETED_MARK} boolean`, ...target.columns.map((column) => `${id(column.name)} ${column.type}`)].join(', ')}) ON COMMIT DROP`,
    copyColumns: names.join(', '),
    upsertStaged: (staging, onlyDifferent) =>
      insert(`SELECT ${names.join(', ')} FROM ${staging} s WHERE NOT s.${DELETED_MARK}`, onlyDifferent),
    deleteStaged: (staging) => remove(target, table, `FROM ${staging} d WHERE d.${DELETED_MARK} AND ${sameKey('d')}`),
    sweepStaged: (staging, range) =>
      remove(
        target,
        table,
        `WHERE ${inRange(range)} AND NOT EXISTS (SELECT 1 FROM ${staging} d WHERE ${sameKey('d')})`,
      ),
  };
}

/** `rest`: an optional FROM and a WHERE. Softly deleted rows keep the time at which they were first found deleted. */
function remove(target: TargetTable, table: string, rest: string): string {
  if (target.deleteMode === 'hard') return `DELETE FROM ${table} t ${rest.replace(/^FROM /, 'USING ')}`;
  return `UPDATE ${table} t SET ${DELETED_AT} = now() ${rest} AND t.${DELETED_AT} IS NULL`;
}

/** `onlyDifferent` spares the customer's triggers, WAL and replicas a rewrite of rows that are right already. */
function onConflict(target: TargetTable, onlyDifferent: boolean): string {
  const values = target.columns
    .map((column) => id(column.name))
    .filter((name) => !target.key.map((key) => id(key)).includes(name));
  const assignments = values.map((name) => `${name} = excluded.${name}`);
  if (target.deleteMode === 'soft') assignments.push(`${DELETED_AT} = NULL`);
  if (assignments.length === 0) return 'DO NOTHING';
  const update = `DO UPDATE SET ${assignments.join(', ')}`;
  if (!onlyDifferent || values.length === 0) return update;
  const row = (side: string) => `ROW(${values.map((name) => `${side}.${name}`).join(', ')})`;
  const revived = target.deleteMode === 'soft' ? ` OR t.${DELETED_AT} IS NOT NULL` : '';
  return `${update} WHERE record_image_ne(${row('t')}, ${row('excluded')})${revived}`;
}
