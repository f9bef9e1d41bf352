import { keyOf } from './keys.ts';
import { at, type OperationKind, type Statement, VERSIONED_JSON } from './operation.ts';

/** More than fit into a page of the engine, so that the bulk path has its share. */
const MOST_ROWS = 900;

const one = (text: string, values: readonly unknown[]): readonly Statement[] => [{ text, values }];
/** SQL of the key of row `n`. */
const KEY = `(left('${keyOf('bulk', 0)}', 24) || lpad(n::text, 12, '0'))::uuid`;

const bulk: Pick<OperationKind, 'choose' | 'locks'> = {
  choose: (random) => ({ numbers: [random.int(MOST_ROWS), 50 + random.int(MOST_ROWS), random.int(3)], texts: [] }),
  locks: () => ['bulk'],
};

const insertMany: OperationKind = {
  ...bulk,
  weight: 0.6,
  statements: (op, tenancyId) =>
    one(
      `INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName", "clientReadOnlyMetadata")
       SELECT $1, ${KEY}, 'bulk ' || n, ${VERSIONED_JSON} FROM generate_series($2::int, $3::int) n ON CONFLICT DO NOTHING`,
      [tenancyId, at(op.numbers, 0), at(op.numbers, 0) + at(op.numbers, 1)],
    ),
};

const MEANT = `"tenancyId" = $1 AND "projectUserId" >= '${keyOf('bulk', 0)}' AND "projectUserId" < '${keyOf('pair', 0)}'
  AND right("projectUserId"::text, 4)::int % 3 = $2`;

const updateMany: OperationKind = {
  ...bulk,
  weight: 0.6,
  statements: (op, tenancyId) =>
    one(
      `UPDATE "ProjectUser" SET "displayName" = 'bulk again', "clientReadOnlyMetadata" = ${VERSIONED_JSON} WHERE ${MEANT}`,
      [tenancyId, at(op.numbers, 2)],
    ),
};

const deleteMany: OperationKind = {
  ...bulk,
  weight: 0.5,
  statements: (op, tenancyId) => one(`DELETE FROM "ProjectUser" WHERE ${MEANT}`, [tenancyId, at(op.numbers, 2)]),
};

/** Of all tenancies. */
const truncateMembers: OperationKind = {
  weight: 0.1,
  choose: () => ({ numbers: [], texts: [] }),
  locks: () => [],
  statements: () => one('TRUNCATE "TeamMember"', []),
};

export const BULK: Readonly<Record<string, OperationKind>> = { insertMany, updateMany, deleteMany, truncateMembers };
