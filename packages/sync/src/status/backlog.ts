import type { Queryable } from '@hexclave/db';
import type { BacklogRow, BacklogSql } from '../compile/backlog.ts';
import type { Catalog } from '../declare/catalog.ts';
import { xidBefore } from './xid.ts';

/** A place from which a backlog is counted. */
export type Place = { readonly tenancyId: string; readonly table: string; readonly cursor: bigint | null };

/** What waits past a place. Counts stop at the limit that was given. */
export type Backlog = {
  readonly numbered: number;
  readonly unnumbered: number;
  /** Between these two moments the oldest numbered change got its number, and the change itself was made no earlier. */
  readonly numberedSince: Moment | null;
  /** The same of the oldest one without a number. */
  readonly unnumberedSince: Moment | null;
};

/** `from` `null`: before all that is kept. `to` `null`: now. `late`: it had waited for its number since `from`. */
export type Moment = { readonly from: Date | null; readonly to: Date | null; readonly late: boolean };

/** Counts what is past each place; places that are the same are counted once. The result is in their order. */
export async function readBacklogs(
  tx: Queryable,
  catalog: Catalog,
  sql: BacklogSql,
  places: readonly Place[],
  limit: number,
): Promise<Backlog[]> {
  const keyOf = (place: Place) => `${place.tenancyId} ${place.table} ${place.cursor}`;
  const distinct = new Map(places.map((place) => [keyOf(place), place]));
  const counted = await countPast(tx, catalog, sql, [...distinct.values()], limit);
  const byKey = new Map([...distinct.keys()].map((key, index) => [key, counted[index]]));
  return places.map((place) => byKey.get(keyOf(place)) ?? NOTHING);
}

export const NOTHING: Backlog = { numbered: 0, unnumbered: 0, numberedSince: null, unnumberedSince: null };

async function countPast(
  tx: Queryable,
  catalog: Catalog,
  sql: BacklogSql,
  places: readonly Place[],
  limit: number,
): Promise<Backlog[]> {
  if (places.length === 0) return [];
  const tables = catalog.tables.map(({ name }) => name);
  const rows = await tx.query<BacklogRow>(sql.past, [
    places.map((_, index) => index),
    places.map(({ tenancyId }) => tenancyId),
    places.map(({ table }) => tables.indexOf(table)),
    places.map(({ cursor }) => (cursor === null ? null : String(cursor))),
    limit,
  ]);
  const moments = await readMoments(tx, places, rows);
  const result: Backlog[] = places.map(() => NOTHING);
  for (const row of rows) {
    result[row.ordinal] = {
      numbered: Math.min(Number(row.numbered), limit),
      unnumbered: Math.min(Number(row.unnumbered), limit),
      numberedSince: moments.get(`${row.ordinal} number`) ?? null,
      unnumberedSince: moments.get(`${row.ordinal} xid`) ?? null,
    };
  }
  return result;
}

/**
 * Looks numbers and transactions up in the clock that the samples are. Walks back from the newest one, usually no further than
 * that.
 */
const MOMENTS = `
  SELECT u.ordinal, u.kind, LEAST(b."at", b.pending) AS "from", COALESCE(b.pending < b."at", false) AS late,
    (SELECT p."at" FROM "PipelineSample" p WHERE p."at" > b."at" ORDER BY p."at" LIMIT 1) AS "to"
  FROM unnest($1::integer[], $2::text[], $3::uuid[], $4::bigint[]) u (ordinal, kind, tenancy, value)
  LEFT JOIN LATERAL (
    SELECT p."at", CASE WHEN u.kind = 'number'
      THEN COALESCE(p."pendingSince" ->> u.tenancy::text, p."pendingSince" ->> '*')::timestamptz END AS pending
    FROM "PipelineSample" p
    WHERE CASE WHEN u.kind = 'number' THEN p."lastNumber" < u.value
      ELSE p."nextXid" <= ${xidBefore('u.value')} END
    ORDER BY p."at" DESC LIMIT 1) b ON true`;

async function readMoments(
  tx: Queryable,
  places: readonly Place[],
  rows: readonly BacklogRow[],
): Promise<Map<string, Moment>> {
  const asked = rows.flatMap(({ ordinal, first, xids }) => [
    ...(first === null ? [] : [{ ordinal, kind: 'number', value: first }]),
    ...(xids === null ? [] : [{ ordinal, kind: 'xid', value: xids }]),
  ]);
  if (asked.length === 0) return new Map();
  const moments = await tx.query<Moment & { ordinal: number; kind: string }>(MOMENTS, [
    asked.map(({ ordinal }) => ordinal),
    asked.map(({ kind }) => kind),
    asked.map(({ ordinal }) => places[ordinal]?.tenancyId),
    asked.map(({ value }) => String(value)),
  ]);
  return new Map(moments.map(({ ordinal, kind, ...moment }) => [`${ordinal} ${kind}`, moment]));
}
