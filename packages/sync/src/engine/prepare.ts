import type { Database } from '@hexclave/db';
import type { DestinationConnection, Position, PreparedTable } from '../destination.ts';
import { DestinationError } from '../destination-error.ts';
import type { Route } from './external-database.ts';
import { type MappingRun, mappingRun } from './mapping-run.ts';
import { judgePosition } from './position.ts';
import { readHistory } from './source.ts';

/** What a mapping's preparation came to. */
export type Prepared = { readonly run: MappingRun } | { readonly failure: Error };

/** Readies the target tables of routes, and begins copies where there is nothing to go on from. */
export async function prepareRoutes(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  epoch: string,
  routes: readonly Route[],
): Promise<Map<Route, Prepared>> {
  const tables = await connection.prepare(routes.map((route) => route.target));
  const prepared = new Map<Route, Prepared>();
  for (const route of routes) {
    const table = tables.get(route.target.mapping);
    if (table === undefined) throw new Error(`${route.target.mapping} was not prepared`);
    if ('failure' in table) prepared.set(route, table);
    else prepared.set(route, await startRun(db, connection, tenancyId, epoch, route, table));
  }
  return prepared;
}

async function startRun(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  epoch: string,
  route: Route,
  table: PreparedTable,
): Promise<Prepared> {
  try {
    const position = await positionToGoOnFrom(db, connection, tenancyId, route, table.position);
    return { run: mappingRun(route, position, epoch, table.parked) };
  } catch (failure) {
    // E.g. a lock on this one table: the other mappings can go on.
    if (failure instanceof DestinationError && failure.scope !== 'connection') return { failure };
    throw failure;
  }
}

/** The target's position if it can be continued; otherwise the start of a new copy, already written to the target. */
export async function positionToGoOnFrom(
  db: Database,
  connection: DestinationConnection,
  tenancyId: string,
  route: Route,
  position: Position | null,
): Promise<Position> {
  const history = await readHistory(db, tenancyId, route.sourceTable);
  if (position !== null && judgePosition(position, history) === 'continue') return position;
  const epoch = history.epochs.at(-1);
  if (epoch === undefined) throw new Error('No sequencer has run yet, so there is no epoch');
  // Every change that the copy may miss is numbered after this moment, hence above this number.
  return connection.startCopy(route.target, epoch.id, history.lastNumber);
}
