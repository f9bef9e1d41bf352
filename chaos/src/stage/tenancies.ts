import type { Queryable } from '@hexclave/db';

/** How busy a tenancy is. One that goes quiet shows what later writes would hide. */
export type Temper = 'hot' | 'cold' | 'quiet';

/** The tempers of tenancies, and how many external databases each has. */
export type Layout = readonly { readonly temper: Temper; readonly targets: number }[];

/** What a run of a seed writes to. */
export const TENANCIES: Layout = [
  { temper: 'hot', targets: 2 },
  { temper: 'cold', targets: 1 },
  { temper: 'quiet', targets: 1 },
];

/** After this share of a run a quiet tenancy is not written to any more. */
export const QUIET_AFTER = 0.4;

/** Ids whose first characters tell the tenancies apart, in rows and in traces. */
export function tenancyIdOf(index: number): string {
  return `${String(index).repeat(8)}-0000-4000-8000-00000000000${index}`;
}

export async function addTenancy(db: Queryable, index: number): Promise<string> {
  const id = tenancyIdOf(index);
  await db.query('INSERT INTO "Project" ("id", "displayName") VALUES ($1::text, $1)', [id]);
  await db.query('INSERT INTO "Tenancy" ("id", "projectId") VALUES ($1::uuid, $1::uuid::text)', [id]);
  return id;
}
