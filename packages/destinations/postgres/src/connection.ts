import type {
  DestinationConnection,
  DestinationError,
  RowStream,
  StagedBatch,
  TargetOwner,
  TargetTable,
} from '@hexclave/sync';
import type pg from 'pg';
import { compileApply } from './apply-sql.ts';
import { classify } from './classify.ts';
import { createExplainer } from './explain-failure.ts';
import type { Names } from './names.ts';
import { applyPage, applyParked, type PageContext } from './page.ts';
import { countParked, dueParkedRows, forgetParked, makeParkedDue } from './parked.ts';
import { prepare, readPosition } from './prepare.ts';
import { createProfiling } from './profile.ts';
import { type Place, withRemedy } from './remedies.ts';
import { discard } from './session.ts';
import { stage } from './stage.ts';
import { startCopies } from './start-copies.ts';
import { createVerification } from './verify.ts';

/** Two: while one merges and commits, the other receives the next rows. */
const LANES = 2;

/** A PostgreSQL connection as the engine uses it. `openAnother` opens the second session, when bulk work first asks for it. */
export function createConnection(
  first: pg.Client,
  names: Names,
  owner: TargetOwner,
  openAnother: () => Promise<pg.Client>,
  place: Place,
): DestinationConnection {
  const lanes = createLanes(first, openAnother);
  const parkedOf = new Map<string, boolean>();
  const { expect, explain: explainOn, explainEach } = createExplainer(place, owner);
  let closed = false;

  const contextOn = (client: pg.Client, target: TargetTable): PageContext => ({
    client,
    names,
    owner,
    target,
    sql: compileApply(target, names.table(target)),
    mayHaveParked: parkedOf.get(target.mapping) ?? true,
    explain: (error) => explainOn(client, error, target),
  });
  const explain = (error: unknown, target?: TargetTable) => withRemedy(classify(error), place, target);
  const guarded = async <T>(work: () => Promise<T>, target?: TargetTable): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw await explainOn(first, error, target);
    }
  };
  const noteParked = (target: TargetTable, parked: number) => {
    if (parked > 0) parkedOf.set(target.mapping, true);
  };

  return {
    lanes: LANES,
    prepare: async (targets) => {
      expect(targets);
      const prepared = await guarded(() => prepare({ client: first, names, owner }, targets));
      for (const [mapping, table] of prepared) if ('parked' in table) parkedOf.set(mapping, table.parked > 0);
      return explainEach(first, prepared, targets);
    },
    readPosition: (target) => guarded(() => readPosition(first, names, target)),
    startCopies: (starts) =>
      guarded(async () =>
        explainEach(
          first,
          await startCopies(first, names, owner, starts),
          starts.map(({ table }) => table),
        ),
      ),
    applyPage: async (target, page, from, to) => {
      const result = await guarded(() => applyPage(contextOn(first, target), page, from, to), target);
      if (result.kind === 'applied') noteParked(target, result.parked);
      return result;
    },
    stage: async (target: TargetTable, rows: RowStream): Promise<StagedBatch> => {
      const client = await lanes.take();
      return stage(contextOn(client, target), rows, () => lanes.giveBack(client));
    },
    dueParkedRows: (target, limit) => guarded(() => dueParkedRows(first, names, target, limit)),
    forgetParked: (target, keys) => guarded(() => forgetParked(first, names, target, keys)),
    makeParkedDue: (target) => guarded(() => makeParkedDue(first, names, target)),
    countParked: async (target) => {
      const parked = await guarded(() => countParked(first, names, target));
      parkedOf.set(target.mapping, parked > 0);
      return parked;
    },
    retryParked: (target, page, at) => guarded(() => applyParked(contextOn(first, target), page, at), target),
    onLost: (listener) => {
      first.once('end', () => {
        if (!closed) listener();
      });
    },
    ...lookingAt(first, names, (target) => contextOn(first, target), openAnother, explain),
    close: async () => {
      closed = true;
      lanes.close();
    },
  };
}

/** The sessions of a connection that batches are staged on. One besides the first that has ended is replaced when it is needed. */
function createLanes(first: pg.Client, openAnother: () => Promise<pg.Client>) {
  const all = new Set([first]);
  const idle = new Set([first]);
  let closed = false;
  const open = async (): Promise<pg.Client> => {
    const another = await openAnother();
    // The connection may have been closed meanwhile: whoever asked for this one finds out when they use it.
    if (closed) discard(another);
    all.add(another);
    another.once('end', () => {
      all.delete(another);
      idle.delete(another);
    });
    return another;
  };
  return {
    take: async (): Promise<pg.Client> => {
      const [free] = idle;
      if (free === undefined && all.size >= LANES) {
        throw new Error('more batches were staged than the connection has lanes');
      }
      const client = free ?? (await open());
      idle.delete(client);
      return client;
    },
    giveBack: (client: pg.Client) => {
      if (all.has(client)) idle.add(client);
    },
    close: () => {
      closed = true;
      for (const client of all) discard(client);
    },
  };
}

/** What is done with a target besides filling it. */
function lookingAt(
  client: pg.Client,
  names: Names,
  contextOf: (target: TargetTable) => PageContext,
  openAnother: () => Promise<pg.Client>,
  explain: (error: unknown, target?: TargetTable) => DestinationError,
): Pick<DestinationConnection, 'verification' | 'profiling'> {
  return {
    verification: createVerification(client, names, contextOf),
    profiling: createProfiling(client, names, openAnother, explain),
  };
}
