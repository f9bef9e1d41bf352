import type {
  DestinationError,
  DestinationErrorCode,
  DestinationFailure,
  TargetOwner,
  TargetTable,
} from '@hexclave/sync';
import type pg from 'pg';
import { classify } from './classify.ts';
import { findMissingRights } from './connection-checks.ts';
import { findObstacle } from './drift.ts';
import type { PerTable } from './jointly.ts';
import { namesIn } from './names.ts';
import { type Place, withRemedy } from './remedies.ts';
import { takeSurvey } from './survey.ts';

/** Where a statement failed, and for whom. */
type FailedAt = {
  readonly client: pg.Client;
  readonly place: Place;
  readonly owner: TargetOwner;
  /** All tables that there are to be. */
  readonly targets: readonly TargetTable[];
  /** The one that was worked on, if it was one. */
  readonly target: TargetTable | undefined;
};

/** Tells failures of one external database as precisely as it can be done, with the SQL that puts them right. */
export type Explainer = {
  /** Which tables there are to be. */
  expect(targets: readonly TargetTable[]): void;
  /** `client`: on which it failed, without an open transaction. */
  explain(client: pg.Client, error: unknown, target?: TargetTable): Promise<DestinationError>;
  /** The same for what became of each table. */
  explainEach<T>(client: pg.Client, results: PerTable<T>, targets: readonly TargetTable[]): Promise<PerTable<T>>;
};

export function createExplainer(place: Place, owner: TargetOwner): Explainer {
  let expected: readonly TargetTable[] = [];
  const explain = (client: pg.Client, error: unknown, target?: TargetTable) =>
    explainFailure(classify(error), { client, place, owner, targets: expected, target });
  return {
    expect: (targets) => {
      expected = targets;
    },
    explain,
    explainEach: async (client, results, targets) => {
      for (const target of targets) {
        const result = results.get(target.mapping);
        if (!isFailure(result)) continue;
        results.set(target.mapping, { failure: await explain(client, result.failure, target) });
      }
      return results;
    },
  };
}

function isFailure(result: unknown): result is DestinationFailure {
  return typeof result === 'object' && result !== null && 'failure' in result;
}

/** Told by an SQLSTATE that does not say what exactly is wrong with the table. */
const OF_THE_SHAPE: readonly DestinationErrorCode[] = ['TARGET_DRIFT', 'TARGET_TABLE_MISSING'];

/** Looks at the catalogue where a statement's SQLSTATE says too little. */
async function explainFailure(failure: DestinationError, at: FailedAt): Promise<DestinationError> {
  // What cannot be looked up now, as on a link that has just broken, is told as it is.
  const exact = await lookUp(failure, at).catch(() => null);
  return withRemedy(exact ?? failure, at.place, at.target);
}

async function lookUp(failure: DestinationError, at: FailedAt): Promise<DestinationError | null> {
  const { client, place, targets, target } = at;
  if (failure.code === 'TARGET_PERMISSION_DENIED') {
    const grants = await findMissingRights(client, place, targets);
    return grants.length === 0 ? null : failure.withRemedy(`Run as a superuser: ${grants.join(' ')}`);
  }
  return target !== undefined && OF_THE_SHAPE.includes(failure.code) ? findShape(at, target) : null;
}

async function findShape({ client, place, owner }: FailedAt, target: TargetTable): Promise<DestinationError | null> {
  const names = namesIn(place.schema);
  const found = (await takeSurvey(client, names, owner, [target])).tables.get(target.mapping) ?? null;
  return found === null ? null : findObstacle(target, names.table(target), found);
}
