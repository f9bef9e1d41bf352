import type { Queryable } from '@hexclave/db';
import { FAULTS } from '../nemesis/catalogue.ts';
import type { Expectation, Strike } from '../nemesis/fault.ts';
import type { Violation } from './violation.ts';

/** Before a failure: what a process had begun by then. */
const BEFORE_MS = 2_000;
/** After its cause: how long it takes to be noticed, a silent link longest of all, and to be written down. */
const AFTER_MS = 9_000;

/**
 * Every failure that was caused at a target has to have been shown in its status. Not asked of those that met a process
 * which was killed or held, or an internal database that was down or restored: nobody was left to write them down.
 */
export async function findUnsurfaced(db: Queryable, strikes: readonly Strike[]): Promise<Violation[]> {
  const forgetful = strikes.filter((strike) => FAULTS.some(({ name, forgetful: is }) => name === strike.kind && is));
  const violations: Violation[] = [];
  for (const { expects } of strikes) {
    if (expects === undefined || isExcused(expects, forgetful)) continue;
    if (await wasSurfaced(db, expects)) continue;
    const { kind, tenancyId, externalDatabaseId, codes } = expects;
    const place = `${tenancyId.slice(0, 8)}/${externalDatabaseId}`;
    violations.push({ kind: 'unsurfaced error', what: `${kind} at ${place} was never shown as ${codes.join(' or ')}` });
  }
  return violations;
}

function isExcused({ since }: Expectation, forgetful: readonly Strike[]): boolean {
  return forgetful.some(({ from, to }) => from < since + AFTER_MS && to > since - BEFORE_MS);
}

async function wasSurfaced(db: Queryable, expectation: Expectation): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM chaos.surfaced WHERE tenancy = $1 AND external_database = $2 AND code = ANY ($3)
     AND at >= to_timestamp($4::float8 / 1000) LIMIT 1`,
    [expectation.tenancyId, expectation.externalDatabaseId, expectation.codes, expectation.since],
  );
  return rows.length > 0;
}
