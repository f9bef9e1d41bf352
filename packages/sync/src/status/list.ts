import type { Queryable } from '@hexclave/db';
import {
  type Attention,
  type AttentionCounts,
  attentionValues,
  rankOf,
  readAttention,
  type Unnumbered,
  WITH_ATTENTION,
} from './attention.ts';
import type { SyncState } from './judge.ts';
import { isNotLaggingSql, type Lagging, readLagging } from './lag.ts';
import { matchesSql } from './search.ts';

export type ListRequest = {
  readonly limit: number;
  readonly state?: SyncState | undefined;
  /** Part of the name or of the id of the project. */
  readonly search?: string | undefined;
  /**
   * `state`: what needs most attention first, and then the others by name. `lag`: of those that are not fresh, the one whose
   * oldest change has waited for longest, and `-lag`, for least; and then what waits for nothing, by name.
   */
  readonly sort: 'state' | 'lag' | '-lag' | 'name' | '-name';
  readonly after?: Position | undefined;
};

/** Where a page ended: among those that need attention, among those that wait for a change, or in the order of names. */
export type Position =
  | ({ readonly kind: 'attention' } & Attention)
  | ({ readonly kind: 'lag' } & Lagging)
  | ({ readonly kind: 'name' } & Named);

/** The last page has no `next`. */
export type ListPage = {
  readonly ids: readonly string[];
  readonly next: Position | null;
  /** Of all tenancies, whatever was asked for. */
  readonly counts: AttentionCounts;
};

type Named = { readonly name: string; readonly projectId: string; readonly tenancyId: string };

/** One page of the tenancies that have external databases. What does not need attention is fresh. */
export async function listTenancies(tx: Queryable, unnumbered: Unnumbered, request: ListRequest): Promise<ListPage> {
  const { state, limit } = request;
  const { counts, places } = await readFirst(tx, unnumbered, request);
  const room = limit + 1 - places.length;
  const isByNeed = request.sort === 'state' && state !== 'fresh';
  if (room > 0 && !(isByNeed && state !== undefined)) {
    const rest = { ...request, state: isByNeed ? 'fresh' : state, limit: room } as const;
    places.push(...(await walkNames(tx, unnumbered, rest)));
  }
  const page = places.slice(0, limit);
  return {
    ids: page.map(({ tenancyId }) => tenancyId),
    next: places.length > limit ? (page.at(-1) ?? null) : null,
    counts,
  };
}

/** Those that come before the others, which come by name. */
async function readFirst(
  tx: Queryable,
  unnumbered: Unnumbered,
  { search, after, sort, ...request }: ListRequest,
): Promise<{ counts: AttentionCounts; places: Position[] }> {
  const state = request.state === 'fresh' ? undefined : request.state;
  const areAny = after?.kind !== 'name' && request.state !== 'fresh' && !isByName(sort);
  // One more than the page has, to know whether there are more.
  const limit = areAny ? request.limit + 1 : 0;
  if (areAny && sort !== 'state') {
    const order = sort === 'lag' ? 'longest first' : 'shortest first';
    const place = after?.kind === 'lag' ? after : undefined;
    const { counts, first } = await readLagging(tx, unnumbered, { search, state, limit, order, after: place });
    return { counts, places: first.map((each) => ({ kind: 'lag', ...each })) };
  }
  const place = after?.kind === 'attention' ? after : undefined;
  const { counts, first } = await readAttention(tx, unnumbered, { search, state, limit, after: place });
  return { counts, places: first.map((each) => ({ kind: 'attention', ...each })) };
}

function isByName(sort: ListRequest['sort']): sort is 'name' | '-name' {
  return sort === 'name' || sort === '-name';
}

function isByLag(sort: ListRequest['sort']): sort is 'lag' | '-lag' {
  return sort === 'lag' || sort === '-lag';
}

/** Projects in the order of their names, from an index that has it. OFFSET keeps the planner from beginning elsewhere. */
async function walkNames(tx: Queryable, unnumbered: Unnumbered, request: ListRequest): Promise<Position[]> {
  const { search, state, sort, limit } = request;
  const after = request.after?.kind === 'name' ? request.after : null;
  const [past, direction] = sort === '-name' ? ['<', 'DESC'] : ['>', 'ASC'];
  const rows = await tx.query<Named>(
    `${WITH_ATTENTION}
     SELECT lower(p."displayName") AS name, p."id" AS "projectId", t."id" AS "tenancyId"
     FROM "Project" p CROSS JOIN LATERAL (
       SELECT t."id" FROM "Tenancy" t WHERE t."projectId" = p."id" AND ${ofState(state)}
         AND EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = t."id")
         AND ${isByLag(sort) ? isNotLaggingSql('t."id"') : 'true'} OFFSET 0) t
     WHERE ${after === null ? '$4::text IS NULL AND $5::text IS NULL AND $6::uuid IS NULL' : pastSql(past)}
       AND ($7::text IS NULL OR ${matchesSql('$7::text')})
     ORDER BY lower(p."displayName") ${direction}, p."id" ${direction}, t."id" ${direction} LIMIT $8`,
    [
      ...attentionValues(unnumbered),
      ...[after?.name ?? null, after?.projectId ?? null, after?.tenancyId ?? null, search ?? null, limit],
    ],
  );
  return rows.map((row) => ({ kind: 'name', ...row }));
}

/** The first condition is what the index is entered by; branches of one project are told apart by the second. */
function pastSql(past: string): string {
  return `(lower(p."displayName"), p."id") ${past}= ($4, $5) AND (lower(p."displayName"), p."id", t."id") ${past} ($4, $5, $6::uuid)`;
}

/** Looked up in a table that is made once, in whatever order the names come. */
function ofState(state: SyncState | undefined): string {
  if (state === undefined) return 'true';
  if (state === 'fresh') return '(t."id" IN (SELECT a."tenancyId" FROM attention a)) IS NOT TRUE';
  return `(t."id" IN (SELECT a."tenancyId" FROM attention a WHERE a.rank = ${rankOf(state)})) IS TRUE`;
}
