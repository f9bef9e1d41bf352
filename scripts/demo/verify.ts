import { setTimeout as delay } from 'node:timers/promises';
import { quoteIdentifier } from '@hexclave/db';
import { compileFetch, compileTargetTable, type DeclaredMapping, hexclaveCatalog } from '@hexclave/sync';
import type { Stage } from './stage.ts';

/** One row that is not the same on both sides; a side that lacks it is null. */
export type Difference = { key: string; source: string | null; copy: string | null };

export type TableVerdict = { table: string; sourceRows: number; copyRows: number; differences: Difference[] };

const POLL_MS = 20;

/** Compares until all tables agree, for at most `timeoutMs`. Returns the last comparison. */
export async function verify(stage: Stage, timeoutMs: number, signal: AbortSignal): Promise<TableVerdict[]> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const verdicts = await Promise.all(hexclaveCatalog.mappings.map((mapping) => compare(stage, mapping)));
    if (agree(verdicts) || Date.now() > deadline) return verdicts;
    await delay(POLL_MS);
  }
}

export function agree(verdicts: TableVerdict[]): boolean {
  return verdicts.every(({ differences }) => differences.length === 0);
}

/** Row by row, as text, with the mapping's own query as the measure. */
async function compare({ source, target, tenancyId }: Stage, mapping: DeclaredMapping): Promise<TableVerdict> {
  const table = compileTargetTable(mapping, {}, 'hard');
  const asText = (columns: readonly string[]) =>
    `ROW(${columns.map((column) => quoteIdentifier(column)).join(', ')})::text`;
  const selected = `SELECT ${asText(table.key)} AS key, ${asText(table.columns.map(({ name }) => name))} AS row`;
  const everything = compileFetch(mapping, table).everything;
  const expected = toMap(await source.query<Row>(`${selected} FROM (${everything}) q`, [tenancyId]));
  const actual = toMap(await target.query<Row>(`${selected} FROM hexclave.${quoteIdentifier(table.name)}`));
  const keys = new Set([...expected.keys(), ...actual.keys()]);
  const differences = [...keys]
    .map((key) => ({ key, source: expected.get(key) ?? null, copy: actual.get(key) ?? null }))
    .filter((pair) => pair.source !== pair.copy);
  return { table: table.name, sourceRows: expected.size, copyRows: actual.size, differences };
}

type Row = { key: string; row: string };

function toMap(rows: Row[]): Map<string, string> {
  return new Map(rows.map(({ key, row }) => [key, row]));
}
