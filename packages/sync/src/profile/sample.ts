import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { DeltaRow, KeyRange, SequenceRange } from '../compile/fetch.ts';
import type { TrackedTable } from '../declare/tracked-table.ts';
import type { PageRow } from '../destination.ts';
import { firstBatchSize } from '../engine/batch-size.ts';
import type { Route } from '../engine/external-database.ts';
import { PAGE_BYTES, PAGE_ROWS } from '../engine/source.ts';
import { cancellable, type MeasuredSession, openingOf, readWithin } from './postgres/rolled-back.ts';
import { bulkBound, fetchStatement, newestCursor, newestDeletionsCursor, READING, someRow } from './statements.ts';

/** Where the rows come from. */
export type SampledFrom = {
  /** On the internal database. */
  readonly session: MeasuredSession;
  readonly tenancyId: string;
  readonly table: TrackedTable;
  readonly route: Route;
  readonly signal: AbortSignal;
};

/** Real rows of one mapping, each read when it is first asked for. `null`: the tenancy has none. */
export type Sample = {
  hasRows(): Promise<boolean>;
  /** The cursor that a page of the newest changes lies past. */
  pageCursor(): Promise<bigint | null>;
  /** The same for the newest deletions. */
  deletionsCursor(): Promise<bigint | null>;
  /** The rows of that page. */
  page(): Promise<readonly PageRow[] | null>;
  /** The newest changes that make a batch: few enough for memory. */
  batchRange(): Promise<SequenceRange | null>;
  /** The rows of that batch in COPY's format, each led by whether it is deleted. */
  batch(): Promise<Buffer | null>;
  /** The first keys of the table. */
  copyRange(): Promise<KeyRange | null>;
};

export function sampleOf(from: SampledFrom): Sample {
  const { tenancyId, table, route } = from;
  const read = <Row extends object>(text: string, values: readonly unknown[]) =>
    readWithin<Row>(from.session, { queryId: randomUUID(), limits: READING, signal: from.signal }, text, values);
  const cursor = async (text: string, rows: number) => {
    const [found] = await read<{ cursor: bigint }>(text, [tenancyId, rows]);
    return found?.cursor ?? null;
  };

  const hasRows = once(async () => (await read(someRow(table), [tenancyId])).length > 0);
  const pageCursor = once(() => cursor(newestCursor(table), PAGE_ROWS));
  const batchRange = once(async () => {
    const after = await cursor(newestCursor(table), firstBatchSize.rows);
    if (after === null) return null;
    const bound = bulkBound(route, firstBatchSize.rows, PAGE_BYTES);
    const [found] = await read<{ through: bigint | null }>(bound, [tenancyId, String(after)]);
    return found?.through == null ? null : { after, through: found.through };
  });
  return {
    hasRows,
    pageCursor,
    batchRange,
    deletionsCursor: once(() => cursor(newestDeletionsCursor(table), PAGE_ROWS)),
    page: once(async () => {
      const after = await pageCursor();
      if (after === null) return null;
      const { text, values } = fetchStatement(route, tenancyId, after);
      const changes = await read<DeltaRow>(text, values);
      return changes.filter(({ kind }) => kind === 'upsert').map(({ values: row }) => row);
    }),
    batch: once(async () => {
      const range = await batchRange();
      return range === null ? null : copyOut(from, route.fetch.copySequences(tenancyId, range));
    }),
    copyRange: once(async () => {
      if (!(await hasRows())) return null;
      const [bound] = await read<{ key: string[] }>(route.fetch.keyBound(null), [tenancyId, firstBatchSize.rows]);
      return { after: null, through: bound?.key ?? null };
    }),
  };
}

/** What several statements are measured with is read once. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}

function copyOut({ session: { client, beside }, signal }: SampledFrom, copySql: string): Promise<Buffer> {
  const queryId = randomUUID();
  return cancellable(beside, queryId, signal, async () => {
    try {
      await client.query(openingOf(READING, queryId));
      return await collect(client, copySql);
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
    }
  });
}

async function collect(client: pg.ClientBase, copySql: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of client.query(copyTo(copySql))) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
