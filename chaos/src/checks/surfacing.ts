import { setTimeout as delay } from 'node:timers/promises';
import type { Queryable } from '@hexclave/db';
import { FAULTS } from '../nemesis/catalogue.ts';
import type { DatabaseKey, Expectation, Strike } from '../nemesis/fault.ts';
import type { Violation } from './violation.ts';

/** Before a failure: what a process had begun by then. */
const BEFORE_MS = 2_000;
/** After its cause: how long it takes to be noticed, a silent link longest of all, and to be written down. */
const AFTER_MS = 9_000;
const LOOK_EVERY_MS = 100;

/**
 * Waits until every failure that was caused has been shown, or has had its time. A copy can be equal before that: another
 * process may have done the work that waits on a silent link.
 */
export async function untilSurfaced(db: Queryable, strikes: readonly Strike[]): Promise<void> {
  for (const { expects, to } of expected(strikes)) {
    while (Date.now() < to + AFTER_MS && !(await wasSurfaced(db, expects))) await delay(LOOK_EVERY_MS);
  }
}

/**
 * Every failure that was caused at a target has to have been shown in its status, and counted by the metrics of the
 * process that met it: `counted` are the codes that any process had. Not asked of those that met a process
 * which was killed or held, or an internal database that was down or restored: nobody was left to write them down. Nor
 * of those of an external database that was configured anew meanwhile.
 */
export async function findUnsurfaced(
  db: Queryable,
  strikes: readonly Strike[],
  counted: ReadonlySet<string>,
): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const { expects } of expected(strikes)) {
    const { kind, tenancyId, externalDatabaseId, codes } = expects;
    const what = `${kind} at ${tenancyId.slice(0, 8)}/${externalDatabaseId}`;
    const names = codes.join(' or ');
    if (!(await wasSurfaced(db, expects)))
      violations.push({ kind: 'unsurfaced error', what: `${what} was never shown as ${names}` });
    else if (!codes.some((code) => counted.has(code)))
      violations.push({ kind: 'unsurfaced error', what: `${what} was counted by no process as ${names}` });
  }
  return violations;
}

function expected(strikes: readonly Strike[]): (Strike & { readonly expects: Expectation })[] {
  return strikes.flatMap((strike) => {
    const { expects } = strike;
    return expects === undefined || isExcused(expects, strikes) ? [] : [{ ...strike, expects }];
  });
}

function isExcused(expected: Expectation, strikes: readonly Strike[]): boolean {
  const [from, to] = [expected.since, expected.since + AFTER_MS];
  const wasReconfigured = meanwhile(strikes, from, to).some(({ reconfigured }) => isSame(reconfigured, expected));
  return wasReconfigured || isForgotten(strikes, from, to);
}

/** Whether nobody may be left of those who met what happened at a target from one moment to another, in ms since 1970. */
export function isForgotten(strikes: readonly Strike[], from: number, to: number): boolean {
  const forgetful = new Set(FAULTS.filter((fault) => fault.forgetful).map(({ name }) => name));
  return meanwhile(strikes, from, to).some(({ kind }) => forgetful.has(kind));
}

const meanwhile = (strikes: readonly Strike[], from: number, to: number) =>
  strikes.filter((strike) => strike.from < to && strike.to > from - BEFORE_MS);

function isSame(one: DatabaseKey | undefined, other: DatabaseKey): boolean {
  return one?.tenancyId === other.tenancyId && one.externalDatabaseId === other.externalDatabaseId;
}

async function wasSurfaced(db: Queryable, expectation: Expectation): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM chaos.surfaced WHERE tenancy = $1 AND external_database = $2 AND code = ANY ($3)
     AND at >= to_timestamp($4::float8 / 1000) LIMIT 1`,
    [expectation.tenancyId, expectation.externalDatabaseId, expectation.codes, expectation.since],
  );
  return rows.length > 0;
}
