import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import type { Catalog } from '../declare/catalog.ts';
import type { DeclaredMapping, Lookup } from '../declare/mapping.ts';
import type { TrackedTable } from '../declare/tracked-table.ts';
import { compileSequencing } from './sequencing.ts';

/** The DDL that makes writes leave a trace, in the three steps in which it is applied to a running database. */
export type CaptureDdl = {
  /** Fast: constant defaults rewrite no table. */
  readonly columns: readonly string[];
  /** Built CONCURRENTLY, so each is its own transaction. */
  readonly indexes: readonly string[];
  /** Functions and triggers; CREATE OR REPLACE leaves no moment without capture. */
  readonly triggers: readonly string[];
};

const SLEEPING = `pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2`;

/** Compiles the capture of every tracked table, and the numbering function over all of them. Deterministic. */
export function compileCapture(catalog: Catalog): CaptureDdl {
  return {
    columns: catalog.tables.map(columnsOf),
    indexes: catalog.tables.flatMap(indexesOf),
    triggers: [
      ...catalog.tables.flatMap((table) => tableTriggers(catalog, table)),
      ...catalog.mappings.flatMap(lookupTriggers),
      ...compileSequencing(catalog),
    ],
  };
}

function columnsOf(table: TrackedTable): string {
  return `ALTER TABLE ${id(table.name)}
  ADD COLUMN IF NOT EXISTS "sequenceId" bigint,
  ADD COLUMN IF NOT EXISTS "shouldUpdateSequenceId" boolean NOT NULL DEFAULT true`;
}

function indexesOf(table: TrackedTable): string[] {
  return Object.values(captureIndexes(table)).map(
    ({ name, columns, where }) =>
      `CREATE INDEX CONCURRENTLY IF NOT EXISTS ${objectId(name)} ON ${id(table.name)} (${columns}) WHERE ${where}`,
  );
}

/** What leads to the rows past a cursor, and to those that wait for a number. */
export function captureIndexes(table: TrackedTable) {
  const tenancy = id(table.tenancyColumn);
  return {
    numbered: {
      name: `${table.name}_sequenceId_idx`,
      columns: `${tenancy}, "sequenceId"`,
      where: '"sequenceId" IS NOT NULL',
    },
    flagged: { name: `${table.name}_flagged_idx`, columns: tenancy, where: '"shouldUpdateSequenceId"' },
  };
}

/** The columns of a tracked table that its mappings read, its key and tenancy included, sorted. */
export function columnsRead(catalog: Catalog, table: TrackedTable): string[] {
  const read = new Set([table.tenancyColumn, ...Object.keys(table.key)]);
  for (const mapping of catalog.mappings) {
    if (mapping.table !== table) continue;
    for (const column of Object.values(mapping.columns)) if (column.lookup === undefined) read.add(column.from);
    for (const lookup of Object.values(mapping.lookups ?? {}))
      for (const own of Object.values(lookup.on)) read.add(own);
  }
  return [...read].sort();
}

/**
 * Compares the stored bytes. Unlike `=` it needs no operator for the type, and it sees a JSON number change from 1 to
 * 1.0, which a copy must show too.
 */
function differs(columns: readonly string[]): string {
  const row = (side: string) => `ROW(${columns.map((column) => `${side}.${id(column)}`).join(', ')})`;
  return `record_image_ne(${row('OLD')}, ${row('NEW')})`;
}

function trigger(table: string, name: string, when: string, action: string): string {
  return `CREATE OR REPLACE TRIGGER ${objectId(`${table}_${name}`)} ${when.replace('%t', () => id(table))}\n  EXECUTE FUNCTION ${action}()`;
}

const LONGEST_NAME = 63;

/** PostgreSQL cuts longer names: two triggers would silently become one, and with it some writes would go unseen. */
function objectId(name: string): string {
  if (Buffer.byteLength(name) > LONGEST_NAME) throw new Error(`${name}: a name longer than ${LONGEST_NAME} bytes`);
  return id(name);
}

function plpgsqlFunction(name: string, body: string): string {
  return `CREATE OR REPLACE FUNCTION ${objectId(name)}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n${body}\nEND $$`;
}

function tableTriggers(catalog: Catalog, table: TrackedTable): string[] {
  const key = [table.tenancyColumn, ...Object.keys(table.key)];
  const on = (name: string, when: string, action: string) => trigger(table.name, name, when, action);
  return [
    // A new row is flagged by the column's default, which costs nothing; only a row that brings its own values is mended.
    on(
      'reset_sequence_id_insert',
      'BEFORE INSERT ON %t FOR EACH ROW\n  WHEN (NEW."sequenceId" IS NOT NULL OR NOT NEW."shouldUpdateSequenceId")',
      '"reset_sequence_id_on_update"',
    ),
    on(
      'reset_sequence_id_update',
      `BEFORE UPDATE ON %t FOR EACH ROW\n  WHEN (${differs(columnsRead(catalog, table))})`,
      '"reset_sequence_id_on_update"',
    ),
    on('wake_sequencer', `AFTER INSERT ON %t FOR EACH STATEMENT\n  WHEN (${SLEEPING})`, '"wake_sequencer"'),
    ...tombstoneTriggers(table, key),
  ];
}

function tombstoneTriggers(table: TrackedTable, key: readonly string[]): string[] {
  const insert = (from: string) => `  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey")
  SELECT ${tombstoneOf(table, 'o')} FROM ${from} o;
  IF ${SLEEPING} THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;`;
  const deleted = `log_deleted_row_${table.name}`;
  const truncated = `log_truncated_rows_${table.name}`;
  const renamed = `log_renamed_row_${table.name}`;
  return [
    plpgsqlFunction(deleted, insert('old_rows')),
    plpgsqlFunction(truncated, insert(id(table.name))),
    plpgsqlFunction(
      renamed,
      `  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey") VALUES (${tombstoneOf(table, 'OLD')});\n  RETURN NULL;`,
    ),
    trigger(
      table.name,
      'log_deleted_row',
      'AFTER DELETE ON %t REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT',
      id(deleted),
    ),
    trigger(table.name, 'log_truncated_rows', 'BEFORE TRUNCATE ON %t FOR EACH STATEMENT', id(truncated)),
    // A changed key, or a row that moves to another tenancy, is a deletion where it was.
    trigger(table.name, 'log_renamed_row', `AFTER UPDATE ON %t FOR EACH ROW\n  WHEN (${differs(key)})`, id(renamed)),
  ];
}

/** `tenancy, table, key` of a tombstone; the key as text, because JSON numbers would round large integers. */
function tombstoneOf(table: TrackedTable, row: string): string {
  const key = Object.keys(table.key).map((column) => `${quoteLiteral(column)}, ${row}.${id(column)}::text`);
  return `${row}.${id(table.tenancyColumn)}, ${quoteLiteral(table.name)}, jsonb_build_object(${key.join(', ')})`;
}

function lookupTriggers(mapping: DeclaredMapping): string[] {
  return Object.entries(mapping.lookups ?? {}).flatMap(([name, lookup]) => triggersOfLookup(mapping, name, lookup));
}

/** A change of a looked-up row flags the row that it shows up in, before and after the change. */
function triggersOfLookup(mapping: DeclaredMapping, name: string, lookup: Lookup): string[] {
  const flag = `flag_${mapping.name}_by_${name}`;
  const truncated = `${flag}_truncate`;
  const read = lookupColumnsRead(mapping, name, lookup);
  const matches = (row: string) => conditions(lookup, row);
  const on = (suffix: string, when: string) => trigger(lookup.table.name, `${flag}_${suffix}`, when, id(flag));
  return [
    plpgsqlFunction(flag, flagBody(mapping, lookup)),
    plpgsqlFunction(
      truncated,
      `${flagStatement(mapping, lookup, `(SELECT * FROM ${id(lookup.table.name)})`)}\n  RETURN NULL;`,
    ),
    on('insert', `AFTER INSERT ON %t FOR EACH ROW\n  WHEN (${matches('NEW')})`),
    on('delete', `AFTER DELETE ON %t FOR EACH ROW\n  WHEN (${matches('OLD')})`),
    on(
      'update',
      `AFTER UPDATE ON %t FOR EACH ROW\n  WHEN ((${matches('OLD')} OR ${matches('NEW')}) AND ${differs(read)})`,
    ),
    trigger(lookup.table.name, `${flag}_truncate`, 'BEFORE TRUNCATE ON %t FOR EACH STATEMENT', id(truncated)),
  ];
}

function lookupColumnsRead(mapping: DeclaredMapping, name: string, lookup: Lookup): string[] {
  const values = Object.values(mapping.columns).filter((column) => column.lookup === name);
  const read = [lookup.table.tenancyColumn, ...Object.keys(lookup.on), ...Object.keys(lookup.where ?? {})];
  return [...new Set([...read, ...values.map((column) => column.from)])].sort();
}

/** The lookup's constant conditions on a row, as SQL; `true` when there are none. */
export function conditions(lookup: Lookup, row: string): string {
  const parts = Object.entries(lookup.where ?? {}).map(([column, value]) => {
    const sql = `${row}.${id(column)}`;
    if (typeof value === 'boolean') return value ? sql : `NOT ${sql}`;
    return `${sql} = ${quoteLiteral(value)}`;
  });
  return parts.length === 0 ? 'true' : `(${parts.join(' AND ')})`;
}

function flagBody(mapping: DeclaredMapping, lookup: Lookup): string {
  const statement = (row: string) => flagStatement(mapping, lookup, `(SELECT ${row}.*)`);
  return `  IF TG_OP <> 'INSERT' THEN
  ${statement('OLD')}
  END IF;
  IF TG_OP <> 'DELETE' THEN
  ${statement('NEW')}
  END IF;
  IF ${SLEEPING} THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;`;
}

/**
 * A row that is already flagged must be flagged again: a sequencer may be numbering it right now, before this change is
 * visible. Only a version that this very transaction wrote cannot be, and is left alone.
 */
function flagStatement(mapping: DeclaredMapping, lookup: Lookup, rows: string): string {
  const { table } = mapping;
  const joined = Object.entries(lookup.on).map(([theirs, ours]) => `t.${id(ours)} = l.${id(theirs)}`);
  return `  UPDATE ${id(table.name)} t SET "shouldUpdateSequenceId" = true FROM ${rows} l
    WHERE t.${id(table.tenancyColumn)} = l.${id(lookup.table.tenancyColumn)} AND ${joined.join(' AND ')} AND ${conditions(lookup, 'l')}
      AND NOT (t."shouldUpdateSequenceId" AND t.xmin = pg_current_xact_id()::xid);`;
}
