import { quoteLiteral } from '@hexclave/db';
import {
  type DestinationConnection,
  DestinationError,
  type Position,
  type RowStream,
  type StagedBatch,
  type TargetOwner,
  type TargetTable,
} from '@hexclave/sync';
import type pg from 'pg';
import { compileApply } from './apply-sql.ts';
import { classify } from './classify.ts';
import { BEGIN, moveSql, type Names } from './names.ts';
import { applyPage, applyParked, type PageContext } from './page.ts';
import { countParked, dueParkedRows } from './parked.ts';
import { prepare, readPosition } from './prepare.ts';
import { discard } from './session.ts';
import { stage } from './stage.ts';
import { rollback, runStatements } from './transaction.ts';

/** Two: while one merges and commits, the other receives the next rows. */
const LANES = 2;

/** A PostgreSQL connection as the engine uses it. `openAnother` opens the second session, when bulk work first asks for it. */
export function createConnection(
  first: pg.Client,
  names: Names,
  owner: TargetOwner,
  openAnother: () => Promise<pg.Client>,
): DestinationConnection {
  const sessions: pg.Client[] = [first];
  const idle: pg.Client[] = [first];
  const parkedOf = new Map<string, boolean>();
  let closed = false;

  const contextOn = (client: pg.Client, target: TargetTable): PageContext => ({
    client,
    names,
    owner,
    target,
    sql: compileApply(target, names.table(target)),
    mayHaveParked: parkedOf.get(target.mapping) ?? true,
  });
  const lane = async (): Promise<pg.Client> => {
    const free = idle.pop();
    if (free !== undefined) return free;
    if (sessions.length >= LANES) throw new Error('more batches were staged than the connection has lanes');
    const another = await openAnother();
    sessions.push(another);
    return another;
  };
  const noteParked = (target: TargetTable, parked: number) => {
    if (parked > 0) parkedOf.set(target.mapping, true);
  };

  return {
    lanes: LANES,
    prepare: async (targets) => {
      const prepared = await guarded(() => prepare(first, names, owner, targets));
      for (const [mapping, table] of prepared) if ('parked' in table) parkedOf.set(mapping, table.parked > 0);
      return prepared;
    },
    readPosition: (target) => guarded(() => readPosition(first, names, target)),
    startCopy: (target, epoch, cursor) => startCopy(contextOn(first, target), epoch, cursor),
    applyPage: async (target, page, from, to) => {
      const result = await applyPage(contextOn(first, target), page, from, to);
      if (result.kind === 'applied') noteParked(target, result.parked);
      return result;
    },
    stage: async (target: TargetTable, rows: RowStream): Promise<StagedBatch> => {
      const client = await lane();
      return stage(contextOn(client, target), rows, () => idle.push(client));
    },
    dueParkedRows: async (target, limit) =>
      parkedOf.get(target.mapping) === false ? [] : guarded(() => dueParkedRows(first, names, target, limit)),
    countParked: (target) => guarded(() => countParked(first, names, target)),
    retryParked: (target, page, at) => applyParked(contextOn(first, target), page, at),
    onLost: (listener) => {
      first.once('end', () => {
        if (!closed) listener();
      });
    },
    close: async () => {
      closed = true;
      for (const client of sessions) discard(client);
    },
  };
}

async function startCopy(
  { client, names, owner, target }: PageContext,
  epoch: string,
  cursor: bigint,
): Promise<Position> {
  const ours = `SELECT 1 FROM ${names.metadata} WHERE mapping_name = ${quoteLiteral(target.mapping)} AND owner = ${quoteLiteral(owner.tenancyId)}
    AND declaration_hash = ${quoteLiteral(target.hash)} FOR UPDATE`;
  const empty = `SELECT NOT EXISTS (SELECT 1 FROM ${names.table(target)}) AS empty`;
  const results = await runStatements(client, [BEGIN, ours, empty]);
  const [isEmpty, isOurs] = [results.at(-1), results.at(-2)];
  if (isOurs?.rowCount !== 1) {
    await rollback(client);
    // The row is gone or somebody else's: the next preparation finds out which.
    throw new DestinationError('TARGET_CONFLICT', { detail: 'the metadata of the copy has changed' });
  }
  const position: Position = { epoch, cursor, copy: { after: null, fresh: isEmpty?.rows[0]?.empty === true } };
  await runStatements(client, [moveSql(names, target, position), 'COMMIT']);
  return position;
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw classify(error);
  }
}
