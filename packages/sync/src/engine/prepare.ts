import type { Database } from '@hexclave/db';
import type {
  CopyStart,
  DestinationConnection,
  DestinationFailure,
  Page,
  Position,
  PreparedTable,
} from '../destination.ts';
import { DestinationError } from '../destination-error.ts';
import type { Route } from './external-database.ts';
import { isKey } from './keys.ts';
import { type MappingRun, mappingRun } from './mapping-run.ts';
import { judgePosition, type SourceHistory } from './position.ts';
import { readHistories } from './source.ts';

/** What a mapping's preparation came to. */
export type Prepared = { readonly run: MappingRun } | { readonly failure: Error };

/**
 * Readies the target tables of routes, and begins copies where there is nothing to go on from. However many routes there
 * are, the target is asked as often as for one; only positions of an older epoch are taken over one by one.
 *
 * @param distrusted mappings to copy anew, whatever their tables say of themselves
 */
export async function prepareRoutes(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  routes: readonly Route[],
  distrusted: ReadonlySet<string> = new Set(),
): Promise<Map<Route, Prepared>> {
  const tables = await connection.prepare(routes.map((route) => route.target));
  const usable = new Map<Route, PreparedTable>();
  const prepared = new Map<Route, Prepared>();
  for (const route of routes) {
    const table = tables.get(route.target.mapping);
    if (table === undefined) throw new Error(`${route.target.mapping} was not prepared`);
    if ('failure' in table) prepared.set(route, table);
    else usable.set(route, table);
  }
  const found = [...usable].map(([route, { position }]) => {
    return { route, position, distrusted: distrusted.has(route.target.mapping) };
  });
  for (const [route, start] of await positionsToGoOnFrom(db, connection, tenancyId, found)) {
    const { position, parked } = usable.get(route) as PreparedTable;
    // One that began anew is news, even if there is nothing to copy.
    const moved = start !== position;
    prepared.set(route, 'failure' in start ? start : { run: { ...mappingRun(route, start, parked), moved } });
  }
  return prepared;
}

type Found = { readonly route: Route; readonly position: Position | null; readonly distrusted?: boolean };

/** The same for one route. */
export async function positionToGoOnFrom(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  found: Found,
): Promise<Position> {
  const start = (await positionsToGoOnFrom(db, connection, tenancyId, [found])).get(found.route);
  if (start === undefined || 'failure' in start) throw start?.failure ?? new Error('no position was found');
  return start;
}

/** How often a position is judged that somebody else moves meanwhile. */
const ATTEMPTS = 4;

/** Where a mapping goes on from. */
type GoesOn = Position | DestinationFailure;

/**
 * The targets' positions where they can be continued, otherwise the starts of new copies; all of them in the present epoch,
 * and written to the target.
 */
async function positionsToGoOnFrom(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  found: readonly Found[],
): Promise<Map<Route, GoesOn>> {
  const settled = new Map<Route, GoesOn>();
  let pending = found;
  for (let tried = 0; pending.length > 0 && tried < ATTEMPTS; tried++) {
    const moved: Found[] = [];
    const judged = await judgeAll(db, connection, tenancyId, pending);
    for (const one of pending) {
      const position = judged.get(one.route) ?? null;
      if (position !== null) settled.set(one.route, position);
      else moved.push({ ...one, position: await connection.readPosition(one.route.target) });
    }
    pending = moved;
  }
  for (const { route } of pending) settled.set(route, { failure: conflict() });
  return settled;
}

/** `null`: somebody else has moved the position. */
async function judgeAll(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  found: readonly Found[],
): Promise<Map<Route, GoesOn | null>> {
  const historyOf = await readHistories(db, tenancyId);
  const results = new Map<Route, GoesOn | null>();
  const anew: Found[] = [];
  for (const one of found) {
    const { route, position, distrusted = false } = one;
    const history = historyOf(route.sourceTable);
    const goesOn = !distrusted && judgePosition(position, history) === 'continue' && (await isWithinCopy(db, one));
    if (position === null || !goesOn) anew.push(one);
    else results.set(route, await adopt(connection, route, position, presentEpoch(history)));
  }
  const started = await startCopies(db, connection, tenancyId, anew, historyOf);
  return new Map([...results, ...started]);
}

/** A copy goes on after a key; what its owner has written there may be none. */
async function isWithinCopy(db: Database, { route, position }: Found): Promise<boolean> {
  const after = position?.copy?.after;
  return after == null || isKey(db, route.mapping.table, after);
}

/**
 * Takes a position over into the present epoch. It is rewritten in the target, so that a batch which an engine has read in the
 * time of an older epoch, and holds still, is fenced: it may be from a history that a restore has undone.
 */
async function adopt(
  connection: DestinationConnection,
  { target }: Route,
  position: Position,
  epoch: string,
): Promise<GoesOn | null> {
  if (position.epoch === epoch) return position;
  const to: Position = { ...position, epoch };
  const result = await connection.applyPage(target, NOTHING, position, to).catch(failureOfTable);
  if ('failure' in result) return result;
  return result.kind === 'applied' ? to : null;
}

/** What a mapping fails with whose position is never where it was a moment ago. */
export function conflict(): DestinationError {
  return new DestinationError('TARGET_CONFLICT', { detail: 'another engine is at work' });
}

const NOTHING: Page = { upserts: [], deletes: [] };

function failureOfTable(error: unknown): DestinationFailure {
  if (!(error instanceof DestinationError) || error.scope === 'connection') throw error;
  return { failure: error };
}

function presentEpoch({ epochs }: SourceHistory): string {
  const epoch = epochs.at(-1);
  if (epoch === undefined) throw new Error('No sequencer has run yet, so there is no epoch');
  return epoch.id;
}

async function startCopies(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  found: readonly Found[],
  historyOf: (sourceTable: string) => SourceHistory,
): Promise<Map<Route, GoesOn | null>> {
  if (found.length === 0) return new Map();
  const empty = await emptySources(
    db,
    tenancyId,
    found.map(({ route }) => route),
  );
  const starts = found.map((one) => copyStart(one, historyOf(one.route.sourceTable), empty.has(one.route)));
  const started = await connection.startCopies(starts);
  return new Map(
    found.map(({ route }) => {
      const position = started.get(route.target.mapping);
      if (position === undefined) throw new Error(`No copy of ${route.target.mapping} was begun`);
      return [route, position];
    }),
  );
}

function copyStart({ route, position }: Found, history: SourceHistory, sourceIsEmpty: boolean): CopyStart {
  return {
    table: route.target,
    from: position,
    epoch: presentEpoch(history),
    // Every change that the copy may miss is numbered after this moment, hence above this number.
    cursor: history.lastNumber,
    sourceLsn: history.lsn,
    ifEmpty: sourceIsEmpty ? null : { after: null, fresh: true },
    otherwise: { after: null, fresh: false },
  };
}

/**
 * The routes that have no row to copy. Asked after the history was read, by a statement of its own: a row that is committed
 * later than it looks is numbered later still, and streamed.
 */
async function emptySources(db: Database, tenancyId: string, routes: readonly Route[]): Promise<Set<Route>> {
  const found = routes.map(({ fetch }) => `EXISTS (${fetch.keyBound(null)})`);
  const [row] = await db.query<{ found: boolean[] }>(`SELECT ARRAY[${found.join(', ')}] AS found`, [tenancyId, 1]);
  return new Set(routes.filter((_, index) => row?.found[index] === false));
}
