import type { Database } from '@hexclave/db';
import type { CopyStart, DestinationConnection, DestinationFailure, Position, PreparedTable } from '../destination.ts';
import type { Route } from './external-database.ts';
import { type MappingRun, mappingRun } from './mapping-run.ts';
import { judgePosition, type SourceHistory } from './position.ts';
import { readHistories } from './source.ts';

/** What a mapping's preparation came to. */
export type Prepared = { readonly run: MappingRun } | { readonly failure: Error };

/**
 * Readies the target tables of routes, and begins copies where there is nothing to go on from. However many routes there
 * are, the target is asked as often as for one.
 */
export async function prepareRoutes(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  epoch: string,
  routes: readonly Route[],
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
  const found = [...usable].map(([route, { position }]) => ({ route, position }));
  for (const [route, start] of await positionsToGoOnFrom(db, connection, tenancyId, found)) {
    const { position, parked } = usable.get(route) as PreparedTable;
    // One that began anew is news, even if there is nothing to copy.
    const moved = start !== position;
    prepared.set(route, 'failure' in start ? start : { run: { ...mappingRun(route, start, epoch, parked), moved } });
  }
  return prepared;
}

type Found = { readonly route: Route; readonly position: Position | null };

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

/** The targets' positions where they can be continued; otherwise the starts of new copies, already written to the target. */
async function positionsToGoOnFrom(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  found: readonly Found[],
): Promise<Map<Route, Position | DestinationFailure>> {
  if (found.length === 0) return new Map();
  const historyOf = await readHistories(db, tenancyId);
  const positions = new Map<Route, Position | DestinationFailure>();
  const anew: Route[] = [];
  for (const { route, position } of found) {
    if (position !== null && judgePosition(position, historyOf(route.sourceTable)) === 'continue')
      positions.set(route, position);
    else anew.push(route);
  }
  const started = await startCopies(db, connection, tenancyId, anew, historyOf);
  for (const [route, position] of started) positions.set(route, position);
  return positions;
}

async function startCopies(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  routes: readonly Route[],
  historyOf: (sourceTable: string) => SourceHistory,
): Promise<Map<Route, Position | DestinationFailure>> {
  if (routes.length === 0) return new Map();
  const empty = await emptySources(db, tenancyId, routes);
  const starts = routes.map((route) => copyStart(route, historyOf(route.sourceTable), empty.has(route)));
  const started = await connection.startCopies(starts);
  return new Map(
    routes.map((route) => {
      const position = started.get(route.target.mapping);
      if (position === undefined) throw new Error(`No copy of ${route.target.mapping} was begun`);
      return [route, position];
    }),
  );
}

function copyStart(route: Route, { epochs, lastNumber }: SourceHistory, sourceIsEmpty: boolean): CopyStart {
  const epoch = epochs.at(-1);
  if (epoch === undefined) throw new Error('No sequencer has run yet, so there is no epoch');
  return {
    table: route.target,
    epoch: epoch.id,
    // Every change that the copy may miss is numbered after this moment, hence above this number.
    cursor: lastNumber,
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
