import type { ProfiledOn } from '@hexclave/config';
import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { captureIndexes } from '../compile/capture.ts';
import type { KeyRange, SequenceRange } from '../compile/fetch.ts';
import { numberRows, pickFlagged, WALK_SETTINGS } from '../compile/sequencing.ts';
import type { TrackedTable } from '../declare/tracked-table.ts';
import type { Route } from '../engine/external-database.ts';
import { deltaStatement } from '../engine/source.ts';
import type { Explainable } from './postgres/explain-source.ts';
import type { Limits } from './postgres/rolled-back.ts';
import type { ExpectedIndex } from './source.ts';

/** Rows that are locked until the profile has rolled back: few, so that no writer notices. */
const NUMBERED_ROWS = 100;

/**
 * A profile hardly waits for the locks of others, and others wait for 3 s at most: numbering takes two statements. Reading
 * takes no locks that anybody waits for.
 */
const WRITING: Limits = { statementMs: 1_500, lockMs: 50 };
export const READING: Limits = { statementMs: 10_000, lockMs: 50 };

/** In place of the sequence of all numbers, which no rollback would turn back. */
const NUMBERS = 'hexclave_profile_numbers';

/** Numbers some rows of a tenancy, as if they had just been changed. */
export function sequencingStatement(table: TrackedTable, tenancyId: string): Explainable {
  const tenancy = quoteLiteral(tenancyId);
  const limit = String(NUMBERED_ROWS);
  const some = `SELECT t.ctid FROM ${id(table.name)} t WHERE t.${id(table.tenancyColumn)} = ${tenancy} LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED`;
  return {
    text: numberRows(table, `pg_temp.${NUMBERS}`, `ARRAY(${pickFlagged(table, tenancy, limit)})`),
    before: [
      `CREATE TEMP SEQUENCE ${NUMBERS}`,
      `UPDATE ${id(table.name)} SET "shouldUpdateSequenceId" = true WHERE ctid = ANY (ARRAY(${some}))`,
      ...WALK_SETTINGS.map((setting) => `SET LOCAL ${setting}`),
    ],
    limits: WRITING,
  };
}

const READ_ONLY = 'SET TRANSACTION READ ONLY';

/** Reads the changes past a cursor, as the engine does. */
export function fetchStatement(route: Route, tenancyId: string, cursor: bigint): Explainable & { values: unknown[] } {
  const position = { epoch: '', cursor, copy: null, sourceLsn: null };
  const { text, values = [] } = deltaStatement(tenancyId, [{ route, position }]);
  return { text, values: [...values], before: [READ_ONLY], limits: READING };
}

/** Reads a large batch of changes: what the engine has COPY run. */
export function fetchBulkStatement({ fetch }: Route, tenancyId: string, range: SequenceRange): Explainable {
  return { text: fetch.readSequences(tenancyId, range), before: [READ_ONLY], limits: READING };
}

/** Reads a batch of a whole copy: what the engine has COPY run. */
export function fetchCopyStatement({ fetch }: Route, tenancyId: string, range: KeyRange): Explainable {
  return { text: fetch.readKeys(tenancyId, range, false), before: [READ_ONLY], limits: READING };
}

/** `cursor`: the one that the tenancy's newest changes lie past. No row: none has a number. `$1` tenancy, `$2` how many. */
export function newestCursor(table: TrackedTable): string {
  return cursorBefore(`SELECT t."sequenceId" AS n FROM ${id(table.name)} t WHERE t.${id(table.tenancyColumn)} = $1
    AND t."sequenceId" IS NOT NULL ORDER BY t."sequenceId" DESC LIMIT $2`);
}

/** The same for the newest deletions. */
export function newestDeletionsCursor(table: TrackedTable): string {
  return cursorBefore(`SELECT d."sequenceId" AS n FROM "DeletedRow" d WHERE d."tenancyId" = $1
    AND d."tableName" = ${quoteLiteral(table.name)} AND d."sequenceId" IS NOT NULL ORDER BY d."sequenceId" DESC LIMIT $2`);
}

function cursorBefore(numbers: string): string {
  return `SELECT min(r.n) - 1 AS cursor FROM (${numbers}) r HAVING count(*) > 0`;
}

/** `through`: the last of so many changes past a cursor, or of so many bytes. `$1` tenancy, `$2` cursor. */
export function bulkBound({ fetch }: Route, rows: number, bytes: number): string {
  return `SELECT max(c.sequence) AS through FROM (${fetch.delta(0, '$2::bigint', String(rows), String(bytes))}) c`;
}

export function someRow(table: TrackedTable): string {
  return `SELECT 1 FROM ${id(table.name)} t WHERE t.${id(table.tenancyColumn)} = $1 LIMIT 1`;
}

type Index = Omit<ExpectedIndex, 'exists' | 'isInvalid'>;

/** The indexes of the internal database that a statement needs. */
export function expectedIndexes(statement: ProfiledOn<'internal'>, table: TrackedTable): Index[] {
  const { numbered, flagged } = captureIndexes(table);
  if (statement === 'sequencing') return [indexOn(table.name, flagged)];
  return statement === 'fetch_copy' ? [keyOf(table)] : [indexOn(table.name, numbered), TOMBSTONES];
}

function keyOf({ name, tenancyColumn, key }: TrackedTable): Index {
  const columns = [tenancyColumn, ...Object.keys(key)].map((column) => id(column)).join(', ');
  return { ...named(`${name}_pkey`, name), definition: `ALTER TABLE ${id(name)} ADD PRIMARY KEY (${columns});` };
}

const TOMBSTONES = indexOn('DeletedRow', {
  name: 'DeletedRow_sequenceId_idx',
  columns: '"tenancyId", "tableName", "sequenceId"',
  where: '"sequenceId" IS NOT NULL',
});

function indexOn(table: string, { name, columns, where }: { name: string; columns: string; where: string }): Index {
  const definition = `CREATE INDEX CONCURRENTLY ${id(name)} ON ${id(table)} (${columns}) WHERE ${where};`;
  return { ...named(name, table), definition };
}

function named(name: string, table: string) {
  return { name, table, sqlTable: id(table) };
}

/** `name` and `valid`, of those of `$1` that are there. */
export const EXISTING_INDEXES = `SELECT w.name, i.indisvalid AS valid FROM unnest($1::text[]) w (name)
  JOIN pg_index i ON i.indexrelid = to_regclass(quote_ident(w.name))`;

/** An index as it was found: one that is there already can only be built again. */
export function asFound(index: Index, found: { readonly valid: boolean } | undefined): ExpectedIndex {
  if (found === undefined || found.valid) return { ...index, exists: found !== undefined };
  return { ...index, exists: false, isInvalid: true, definition: `REINDEX INDEX CONCURRENTLY ${id(index.name)};` };
}
