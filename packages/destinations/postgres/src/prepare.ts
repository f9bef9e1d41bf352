import { quoteLiteral } from '@hexclave/db';
import type { DestinationFailure, Position, PreparedTable, TargetOwner, TargetTable } from '@hexclave/sync';
import type pg from 'pg';
import { classify } from './classify.ts';
import { alterTable, createTable } from './ddl.ts';
import { exists, type FoundTable, findObstacle } from './drift.ts';
import { jointly, oneByOne, type PerTable } from './jointly.ts';
import { BEGIN, METADATA_TABLE, type Names, PARKED_TABLE } from './names.ts';
import {
  claimSql,
  createOwnTables,
  extendOwnTables,
  forgetPositionSql,
  lockSql,
  type MetadataRow,
  ownedByAnother,
  POSITION_COLUMNS,
  type PositionRow,
  positionOf,
  takeOverSql,
} from './own-tables.ts';
import { refuseIf } from './refusal.ts';
import { type Survey, takeSurvey } from './survey.ts';
import { readBounded, runStatements } from './transaction.ts';

/** Where tables are prepared, and for whom. */
type Place = { readonly client: pg.Client; readonly names: Names; readonly owner: TargetOwner };

/** What has to be run for one table, if anything, and what it comes to then. */
type Step = {
  readonly target: TargetTable;
  readonly statements: readonly string[];
  /** Takes a lock on a table that is in use: held only for as long as this one table takes. */
  readonly alters: boolean;
  readonly result: PreparedTable | DestinationFailure;
};

/**
 * Creates what is missing and says where each mapping stands; see `DestinationConnection.prepare`. One round trip for a
 * target that is known and unchanged, two for one that is met for the first time, however many tables there are.
 */
export async function prepare(place: Place, targets: readonly TargetTable[]): Promise<PerTable<PreparedTable>> {
  const survey = await surveyOf(place, targets);
  if (survey.metadata !== null && !survey.metadataIsCurrent) {
    await runStatements(place.client, [BEGIN, lockSql(place.names), extendOwnTables(place.names), 'COMMIT']);
  }
  if (survey.metadata !== null) return takeSteps(place, stepsOf(place, targets, survey, survey.metadata));
  const made = await makeEverything(place, targets, survey);
  if (made !== null) return made;
  const again = await surveyOf(place, targets);
  return takeSteps(place, stepsOf(place, targets, again, again.metadata ?? new Map()));
}

function surveyOf({ client, names, owner }: Place, targets: readonly TargetTable[]): Promise<Survey> {
  return takeSurvey(client, names, owner, targets);
}

/**
 * First contact: our schema, our two tables and all others in one transaction. When that is not possible only our own, and
 * `null`: something is in the way, or another first contact was quicker.
 */
async function makeEverything(
  place: Place,
  targets: readonly TargetTable[],
  survey: Survey,
): Promise<PerTable<PreparedTable> | null> {
  const own = createOwnTables(place.names, survey.schemaExists);
  const steps = stepsOf(place, targets, survey, new Map());
  if (steps.every(({ statements, alters }) => statements.length > 0 && !alters)) {
    try {
      return await runSteps(place, steps, own);
    } catch (error) {
      const failure = classify(error);
      if (failure.scope === 'connection') throw failure;
    }
  }
  await runStatements(place.client, [BEGIN, lockSql(place.names), ...own, 'COMMIT']);
  return null;
}

function stepsOf(
  place: Place,
  targets: readonly TargetTable[],
  survey: Survey,
  metadata: ReadonlyMap<string, MetadataRow>,
): Step[] {
  return targets.map((target) => {
    const found = survey.tables.get(target.mapping) ?? null;
    const parked = survey.parked.get(target.mapping) ?? 0;
    return stepOf(place, target, found, metadata.get(target.mapping), parked);
  });
}

/** Decides what one table needs. */
function stepOf(
  { names, owner }: Place,
  target: TargetTable,
  found: FoundTable | null,
  metadata: MetadataRow | undefined,
  parked: number,
): Step {
  const step = (statements: readonly string[], result: Step['result'], alters = false): Step => ({
    ...{ target, statements, alters, result },
  });
  const table = names.table(target);
  const claim = claimSql(names, owner, target);
  if (target.name === METADATA_TABLE || target.name === PARKED_TABLE) return step([], { failure: exists(target) });
  if (found === null) return step([...createTable(target, table), claim], { position: null, parked });
  if (metadata?.hash !== target.hash) {
    const statements = alterTable(target, table, found);
    const alters = statements.length > 0;
    const failure = findObstacle(target, table, found, alters);
    if (failure !== null) return step([], { failure });
    return step([...statements, claim], { position: null, parked }, alters);
  }
  const problem = findObstacle(target, table, found);
  if (problem !== null) return step([forgetPositionSql(names, target)], { failure: problem });
  const position = positionOf(metadata);
  const renamed = metadata.externalDatabaseId !== owner.externalDatabaseId;
  const statements = [
    ...(renamed ? [takeOverSql(names, owner, target)] : []),
    ...(isUnreadable(metadata, position) ? [forgetPositionSql(names, target)] : []),
  ];
  return step(statements, { position, parked });
}

/**
 * Tables that are altered are so one by one: with two locks at once, waiting for the second would hold up the customer's
 * queries on the first.
 */
async function takeSteps(place: Place, steps: readonly Step[]): Promise<PerTable<PreparedTable>> {
  const work = (some: readonly Step[]) => runSteps(place, some);
  const needed = steps.filter(({ statements }) => statements.length > 0);
  const done: PerTable<PreparedTable> = new Map([
    ...steps.filter((step) => !needed.includes(step)).map(({ target, result }) => [target.mapping, result] as const),
    ...(await jointly(
      needed.filter(({ alters }) => !alters),
      work,
    )),
    ...(await oneByOne(
      needed.filter(({ alters }) => alters),
      work,
    )),
  ]);
  return done;
}

/** `first` comes before the steps, in their transaction. */
async function runSteps(
  { client, names, owner }: Place,
  steps: readonly Step[],
  first: readonly string[] = [],
): Promise<PerTable<PreparedTable>> {
  if (steps.length > 0) {
    const check = refuseIf(ownedByAnother(names, owner), 'TARGET_OWNED_BY_ANOTHER_PROJECT');
    const statements = steps.flatMap((step) => step.statements);
    await runStatements(client, [BEGIN, lockSql(names), ...first, check, ...statements, 'COMMIT']);
  }
  return new Map(steps.map(({ target, result }) => [target.mapping, result]));
}

/** One mapping's position as it is now. */
export async function readPosition(client: pg.Client, names: Names, target: TargetTable): Promise<Position | null> {
  const [row] = await readBounded<PositionRow>(
    client,
    `SELECT ${POSITION_COLUMNS} FROM ${names.metadata} m
     WHERE mapping_name = ${quoteLiteral(target.mapping)} AND declaration_hash = ${quoteLiteral(target.hash)}`,
  );
  if (row === undefined) return null;
  const position = positionOf(row);
  if (isUnreadable(row, position)) {
    await runStatements(client, [BEGIN, forgetPositionSql(names, target), 'COMMIT'], target);
  }
  return position;
}

/** A copy begins where there is no position, not where there is one that nobody can read: such a one is forgotten. */
function isUnreadable({ epoch }: PositionRow, position: Position | null): boolean {
  return position === null && epoch !== null;
}
