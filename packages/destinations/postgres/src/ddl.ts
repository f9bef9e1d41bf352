import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { DELETED_AT, type TargetTable } from '@hexclave/sync';
import type { FoundTable } from './drift.ts';

/** By this comment a table is known to be ours, also after a dump and restore. */
export function markOf(target: TargetTable): string {
  return `Kept up to date by Hexclave (mapping ${target.mapping}). Changes made here by hand are overwritten.`;
}

/** Makes a table that is not there; fails if one is after all. `table` is its qualified, quoted name. */
export function createTable(target: TargetTable, table: string): string[] {
  const columns = target.columns.map(
    (column) => `${id(column.name)} ${column.type}${column.notNull ? ' NOT NULL' : ''}`,
  );
  if (target.deleteMode === 'soft') columns.push(`${DELETED_AT} timestamptz`);
  const key = `PRIMARY KEY (${target.key.map((column) => id(column)).join(', ')})`;
  return [
    `CREATE TABLE ${table} (${[...columns, key].join(', ')})`,
    `COMMENT ON TABLE ${table} IS ${quoteLiteral(markOf(target))}`,
  ];
}

/** New columns are added as nullable ones, since rows that are there have no values yet; columns no longer filled must not be NOT NULL. */
export function alterTable(target: TargetTable, table: string, found: FoundTable): string[] {
  const wanted = [
    ...target.columns,
    ...(target.deleteMode === 'soft' ? [{ name: DELETED_AT, type: 'timestamptz' }] : []),
  ];
  const added = wanted.filter((column) => !found.columns.has(column.name));
  const unfilled = [...found.columns].filter(
    ([name, column]) => column.notNull && !column.hasDefault && !wanted.some((other) => other.name === name),
  );
  const actions = [
    ...added.map((column) => `ADD COLUMN ${id(column.name)} ${column.type}`),
    ...unfilled.map(([name]) => `ALTER COLUMN ${id(name)} DROP NOT NULL`),
  ];
  return actions.length === 0 ? [] : [`ALTER TABLE ${table} ${actions.join(', ')}`];
}
