import { PassThrough, pipeline, type Readable } from 'node:stream';
import {
  type ApplyResult,
  type Connect,
  type DestinationConnection,
  DestinationError,
  type ExternalDatabase,
  type Page,
  type Position,
  type StagedBatch,
} from '@hexclave/sync';

/** One batch that was sent to an external database, whatever became of it. */
export type ObservedBatch = {
  readonly tenancyId: string;
  readonly externalDatabaseId: string;
  readonly mapping: string;
  /** `page`: in one message. `bulk`: by COPY. `parked`: rows that were refused before. */
  readonly way: 'page' | 'bulk' | 'parked';
  /** `applied`, `fenced`, or the code of the error. */
  readonly result: string;
  readonly rows: number;
  readonly parked: number;
  readonly bytes: number;
  /** By `performance.now()`. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** From where to where the position was to move; `null` if it did not come to that. */
  readonly move: { readonly from: Position; readonly to: Position } | null;
};

/** What is told of the work on external databases. Called while rows wait: be quick, and never throw. */
export type BatchObserver = {
  onConnect?(result: string): void;
  onBatch(batch: ObservedBatch): void;
};

type Key = Pick<ObservedBatch, 'tenancyId' | 'externalDatabaseId'>;

/** Watches everything that is applied through the connections that `connect` opens. The engine does not notice. */
export function observeConnect(connect: Connect, observer: BatchObserver): Connect {
  return async (database: ExternalDatabase, owner) => {
    try {
      const connection = await connect(database, owner);
      observer.onConnect?.('opened');
      return observed(connection, { tenancyId: database.tenancyId, externalDatabaseId: database.id }, observer);
    } catch (error) {
      observer.onConnect?.(codeOf(error));
      throw error;
    }
  };
}

function observed(connection: DestinationConnection, key: Key, { onBatch }: BatchObserver): DestinationConnection {
  const tell = (facts: Facts, result: string, rows = 0, parked = 0) =>
    onBatch({
      ...{ ...key, ...facts, result, rows, parked, bytes: facts.bytes() },
      durationMs: performance.now() - facts.startedAt,
    });
  const watch = async (facts: Facts, apply: () => Promise<ApplyResult>): Promise<ApplyResult> => {
    try {
      const result = await apply();
      if (result.kind === 'applied') tell(facts, result.kind, result.rows, result.parked);
      else tell(facts, result.kind);
      return result;
    } catch (error) {
      tell(facts, codeOf(error));
      throw error;
    }
  };
  return {
    ...connection,
    applyPage: (table, page, from, to) => {
      const facts = { mapping: table.mapping, way: 'page' as const, bytes: () => bytesOf(page) };
      return watch({ ...facts, startedAt: performance.now(), move: { from, to } }, () =>
        connection.applyPage(table, page, from, to),
      );
    },
    retryParked: (table, page, at) => {
      const facts = { mapping: table.mapping, way: 'parked' as const, bytes: () => bytesOf(page) };
      return watch({ ...facts, startedAt: performance.now(), move: { from: at, to: at } }, () =>
        connection.retryParked(table, page, at),
      );
    },
    stage: async (table, rows) => {
      const startedAt = performance.now();
      const counted = countBytes(rows.source);
      const facts = { mapping: table.mapping, way: 'bulk' as const, bytes: counted.bytes, startedAt };
      const staged = await connection.stage(table, { ...rows, source: counted.source }).catch((error: unknown) => {
        tell({ ...facts, move: null }, codeOf(error));
        throw error;
      });
      const commit: StagedBatch['commit'] = (from, to) =>
        watch({ ...facts, move: { from, to } }, () => staged.commit(from, to));
      return { commit, discard: () => staged.discard() };
    },
  };
}

type Facts = Pick<ObservedBatch, 'mapping' | 'way' | 'startedAt' | 'move'> & { readonly bytes: () => number };

function codeOf(error: unknown): string {
  return error instanceof DestinationError ? error.code : 'SERVER_ERROR';
}

/** In characters: counting bytes of every value would cost more than it tells. */
function bytesOf({ upserts, deletes }: Page): number {
  let size = 0;
  for (const row of upserts) for (const value of row) size += value?.length ?? 0;
  for (const key of deletes) for (const value of key) size += value.length;
  return size;
}

function countBytes(source: Readable): { readonly source: Readable; readonly bytes: () => number } {
  let size = 0;
  const counter = new PassThrough();
  source.on('data', (chunk: Buffer) => {
    size += chunk.length;
  });
  // Errors go through to whoever reads: it has them from the stream that it was given.
  pipeline(source, counter, () => undefined);
  return { source: counter, bytes: () => size };
}
