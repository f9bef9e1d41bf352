import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { captureIndexes } from '../compile/capture.ts';
import { numberRows, pickFlagged, WALK_SETTINGS } from '../compile/sequencing.ts';
import type { TrackedTable } from '../declare/tracked-table.ts';
import type { Route } from '../engine/external-database.ts';
import { deltaStatement } from '../engine/source.ts';
import type { Explainable, Limits } from './postgres/explain-source.ts';
import type { ExpectedIndex } from './source.ts';

/** The statements of one mapping, in the order in which a change meets them. */
export const STATEMENTS = ['sequencing', 'fetch', 'apply'] as const;

export type StatementName = (typeof STATEMENTS)[number];

/** Rows that are locked until the profile has rolled back: few, so that no writer notices. */
const NUMBERED_ROWS = 100;

/** Whoever waits for rows that a profile has locked waits no longer than this, and a profile for theirs hardly at all. */
const WRITING: Limits = { statementMs: 3_000, lockMs: 50 };
const READING: Limits = { statementMs: 10_000, lockMs: 50 };

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

/** Reads the changes past a cursor, as the engine does. */
export function fetchStatement(route: Route, tenancyId: string, cursor: bigint): Explainable & { values: unknown[] } {
  const position = { epoch: '', cursor, copy: null, sourceLsn: null };
  const { text, values = [] } = deltaStatement(tenancyId, [{ route, position }]);
  return { text, values: [...values], before: ['SET TRANSACTION READ ONLY'], limits: READING };
}

/** `cursor`: the one that the tenancy's newest changes, a page of them, lie past. No row: none has a number. `$1` tenancy, `$2` rows. */
export function newestCursor(table: TrackedTable): string {
  const numbers = `SELECT t."sequenceId" AS n FROM ${id(table.name)} t WHERE t.${id(table.tenancyColumn)} = $1
    AND t."sequenceId" IS NOT NULL ORDER BY t."sequenceId" DESC LIMIT $2`;
  return `SELECT min(r.n) - 1 AS cursor FROM (${numbers}) r HAVING count(*) > 0`;
}

export function someRow(table: TrackedTable): string {
  return `SELECT 1 FROM ${id(table.name)} t WHERE t.${id(table.tenancyColumn)} = $1 LIMIT 1`;
}

type Index = Omit<ExpectedIndex, 'exists'>;

/** The indexes of the internal database that a statement is written for. */
export function expectedIndexes(statement: 'sequencing' | 'fetch', table: TrackedTable): Index[] {
  const { numbered, flagged } = captureIndexes(table);
  return statement === 'sequencing' ? [indexOn(table.name, flagged)] : [indexOn(table.name, numbered), TOMBSTONES];
}

const TOMBSTONES = indexOn('DeletedRow', {
  name: 'DeletedRow_sequenceId_idx',
  columns: '"tenancyId", "tableName", "sequenceId"',
  where: '"sequenceId" IS NOT NULL',
});

function indexOn(table: string, { name, columns, where }: { name: string; columns: string; where: string }): Index {
  const definition = `CREATE INDEX CONCURRENTLY ${id(name)} ON ${id(table)} (${columns}) WHERE ${where};`;
  return { name, table, definition };
}

/** `name`, of those of `$1` that are there and valid. */
export const EXISTING_INDEXES = `SELECT w.name FROM unnest($1::text[]) w (name)
  JOIN pg_index i ON i.indexrelid = to_regclass(quote_ident(w.name)) AND i.indisvalid`;
