import { keyOf } from './keys.ts';
import { at, NEXT_VERSION, type OperationKind } from './operation.ts';

/** Two users of each tenancy whose amounts always add up to this. */
export const PAIR_SUM = 1_000;
export const PAIR = [keyOf('pair', 1), keyOf('pair', 2)] as const;

/**
 * Moves an amount from one to the other, in one statement, under one version.
 *
 * What a copy promises of it is less than what the source does: rows are numbered one by one, and one that the next
 * transfer has locked is numbered later (`SKIP LOCKED`), so a copy may show one row of a transfer before the other. But
 * it never shows a row that was half changed: two rows of the same transfer add up at every commit of the target, and
 * once everything has arrived they are of the same transfer. These two are what is checked.
 */
const transfer: OperationKind = {
  weight: 8,
  choose: (random) => ({ numbers: [random.int(PAIR_SUM)], texts: [] }),
  locks: () => ['pair'],
  statements: (op, tenancyId) => [
    {
      text: `WITH drawn AS MATERIALIZED (SELECT ${NEXT_VERSION} AS v),
          halves (id, amount) AS (VALUES ($2::uuid, $4::int), ($3::uuid, $5::int))
        INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName", "clientMetadata", "clientReadOnlyMetadata")
        SELECT $1, h.id, 'half of a pair', jsonb_build_object('amount', h.amount), jsonb_build_object('v', d.v, 't', left($1::uuid::text, 8))
        FROM halves h CROSS JOIN drawn d
        ON CONFLICT ("tenancyId", "projectUserId") DO UPDATE SET "clientMetadata" = excluded."clientMetadata",
          "clientReadOnlyMetadata" = excluded."clientReadOnlyMetadata"`,
      values: [tenancyId, ...PAIR, at(op.numbers, 0), PAIR_SUM - at(op.numbers, 0)],
    },
  ],
};

export const PAIRS: Readonly<Record<string, OperationKind>> = { transfer };
