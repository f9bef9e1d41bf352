import type { Queryable } from '@hexclave/db';
import { type Attention, compareAttention } from './attention.ts';
import type { SyncState } from './judge.ts';

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
export type ListPage = { readonly ids: readonly string[]; readonly next: Position | null };

type Named = { readonly name: string; readonly projectId: string; readonly tenancyId: string };

/** One page of the tenancies that have external databases. What is not in `attention` is fresh. */
export async function listTenancies(
  tx: Queryable,
  attention: readonly Attention[],
  request: ListRequest,
): Promise<ListPage> {
  const { state, after, limit } = request;
  const ids = attention.map(({ tenancyId }) => tenancyId);
  if (request.sort !== 'state' || state === 'fresh') {
    if (state === undefined) return toPage(await walkNames(tx, request, ALL), limit);
    if (state === 'fresh') return toPage(await walkNames(tx, request, { ...ALL, without: ids }), limit);
    const of = attention.filter((each) => each.state === state).map(({ tenancyId }) => tenancyId);
    return toPage(await walkNames(tx, request, { ...ALL, of }), limit);
  }
  const troubled = after?.kind === 'name' ? [] : await troubledAfter(tx, attention, request);
  const places: Position[] = troubled.slice(0, limit + 1).map((each) => ({ kind: 'attention', ...each }));
  const room = limit + 1 - places.length;
  if (room > 0 && state === undefined) {
    const from = after?.kind === 'name' ? after : undefined;
    places.push(...(await walkNames(tx, { ...request, limit: room - 1, after: from }, { ...ALL, without: ids })));
  }
  return toPage(places, limit);
}

function toPage(places: readonly Position[], limit: number): ListPage {
  const page = places.slice(0, limit);
  return {
    ids: page.map(({ tenancyId }) => tenancyId),
    next: places.length > limit ? (page.at(-1) ?? null) : null,
  };
}

async function troubledAfter(
  tx: Queryable,
  attention: readonly Attention[],
  request: ListRequest,
): Promise<Attention[]> {
  const { after, state, search } = request;
  const left = attention.filter((each) => {
    if (state !== undefined && each.state !== state) return false;
    return after?.kind !== 'attention' || compareAttention(each, after) > 0;
  });
  if (search === undefined || left.length === 0) return left;
  const found = await tx.query<{ id: string }>(
    `SELECT t."id" FROM unnest($1::uuid[]) u (tenancy) JOIN "Tenancy" t ON t."id" = u.tenancy JOIN "Project" p ON p."id" = t."projectId"
     WHERE ${matches('$2')}`,
    [left.map(({ tenancyId }) => tenancyId), search],
  );
  const matching = new Set(found.map(({ id }) => id));
  return left.filter(({ tenancyId }) => matching.has(tenancyId));
}

function matches(search: string): string {
  return `(strpos(lower(p."displayName"), lower(${search})) > 0 OR strpos(lower(p."id"), lower(${search})) > 0)`;
}

/** `of`: only these; `without`: not these. */
type Choice = { readonly of: readonly string[] | null; readonly without: readonly string[] };
const ALL: Choice = { of: null, without: [] };

/** Projects in the order of their names, from an index that has it. One more than the limit, to know whether there are more. */
async function walkNames(tx: Queryable, request: ListRequest, { of, without }: Choice): Promise<Position[]> {
  const { after, search, limit } = request;
  const [past, direction] = request.sort === '-name' ? ['<', 'DESC'] : ['>', 'ASC'];
  const from = of === null ? '"Tenancy" t' : 'unnest($6::uuid[]) u (tenancy) JOIN "Tenancy" t ON t."id" = u.tenancy';
  const place = after?.kind === 'name' ? after : null;
  const rows = await tx.query<Named>(
    `SELECT lower(p."displayName") AS name, p."id" AS "projectId", t."id" AS "tenancyId"
     FROM ${from} JOIN "Project" p ON p."id" = t."projectId"
     WHERE ${place === null ? '$1::text IS NULL AND $2::text IS NULL AND $3::uuid IS NULL' : pastSql(past)}
       AND ($4::text IS NULL OR ${matches('$4::text')}) AND t."id" NOT IN (SELECT unnest($5::uuid[]))
       AND EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = t."id")
     ORDER BY lower(p."displayName") ${direction}, p."id" ${direction}, t."id" ${direction} LIMIT ${limit + 1}`,
    [
      place?.name ?? null,
      place?.projectId ?? null,
      place?.tenancyId ?? null,
      search ?? null,
      without,
      ...(of ? [of] : []),
    ],
  );
  return rows.map((row) => ({ kind: 'name', ...row }));
}

/** The first condition is what the index is entered by; branches of one project are told apart by the second. */
function pastSql(past: string): string {
  return `(lower(p."displayName"), p."id") ${past}= ($1, $2) AND (lower(p."displayName"), p."id", t."id") ${past} ($1, $2, $3::uuid)`;
}
