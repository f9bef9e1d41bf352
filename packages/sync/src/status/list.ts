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
import { matchesSql } from './search.ts';

export type ListRequest = {
  readonly limit: number;
  readonly state?: SyncState | undefined;
  /** Part of the name or of the id of the project. */
  readonly search?: string | undefined;
  /** `state`: what needs most attention first, and then the others by name. */
  readonly sort: 'state' | 'name' | '-name';
  readonly after?: Position | undefined;
};

/** Where a page ended: among those that need attention, or in the order of names. */
export type Position = ({ readonly kind: 'attention' } & Attention) | ({ readonly kind: 'name' } & Named);

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
  const { state, after, search, limit } = request;
  const isByNeed = request.sort === 'state' && state !== 'fresh';
  const { counts, first } = await readAttention(tx, unnumbered, {
    ...{ search, state: state === 'fresh' ? undefined : state },
    // One more than the page has, to know whether there are more.
    limit: isByNeed && after?.kind !== 'name' ? limit + 1 : 0,
    after: after?.kind === 'attention' ? after : undefined,
  });
  const places: Position[] = first.map((each) => ({ kind: 'attention', ...each }));
  const room = limit + 1 - places.length;
  if (room > 0 && !(isByNeed && state !== undefined)) {
    const choice = isByNeed ? 'fresh' : state;
    places.push(...(await walkNames(tx, unnumbered, { ...request, state: choice, limit: room })));
  }
  const page = places.slice(0, limit);
  return {
    ids: page.map(({ tenancyId }) => tenancyId),
    next: places.length > limit ? (page.at(-1) ?? null) : null,
    counts,
  };
}

/** Projects in the order of their names, from an index that has it. OFFSET keeps the planner from beginning elsewhere. */
async function walkNames(tx: Queryable, unnumbered: Unnumbered, request: ListRequest): Promise<Position[]> {
  const { search, state, limit } = request;
  const after = request.after?.kind === 'name' ? request.after : null;
  const [past, direction] = request.sort === '-name' ? ['<', 'DESC'] : ['>', 'ASC'];
  const rows = await tx.query<Named>(
    `${WITH_ATTENTION}
     SELECT lower(p."displayName") AS name, p."id" AS "projectId", t."id" AS "tenancyId"
     FROM "Project" p CROSS JOIN LATERAL (
       SELECT t."id" FROM "Tenancy" t WHERE t."projectId" = p."id" AND ${ofState(state)}
         AND EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = t."id") OFFSET 0) t
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
