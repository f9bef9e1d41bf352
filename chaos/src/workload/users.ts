import { KEYS, keyOf } from './keys.ts';
import { at, type Operation, type OperationKind, type Statement, VERSIONED_JSON } from './operation.ts';
import { hostileJson, hostileMoment, hostileText } from './values.ts';

const userOf = (operation: Operation, index = 0) => keyOf('user', at(operation.numbers, index));
const lockOf = (operation: Operation, index = 0) => `user:${at(operation.numbers, index)}`;

const INSERT = `INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName", "clientMetadata", "signedUpAt", "clientReadOnlyMetadata")
  VALUES ($1, $2, $3, $4::jsonb, $5::timestamptz, ${VERSIONED_JSON}) ON CONFLICT DO NOTHING`;
const DELETE = 'DELETE FROM "ProjectUser" WHERE "tenancyId" = $1 AND "projectUserId" = $2';

const insert = (operation: Operation, tenancyId: string): Statement => ({
  text: INSERT,
  values: [tenancyId, userOf(operation), ...operation.texts],
});
const remove = (operation: Operation, tenancyId: string): Statement => ({
  text: DELETE,
  values: [tenancyId, userOf(operation)],
});

const whole: Pick<OperationKind, 'choose' | 'locks'> = {
  choose: (random) => ({
    numbers: [random.int(KEYS)],
    texts: [hostileText(random), hostileJson(random), hostileMoment(random)],
  }),
  locks: (operation) => [lockOf(operation)],
};

const insertUser: OperationKind = { ...whole, weight: 10, statements: (op, tenancyId) => [insert(op, tenancyId)] };

const updateUser: OperationKind = {
  ...whole,
  weight: 20,
  statements: (op, tenancyId) => [
    {
      text: `UPDATE "ProjectUser" SET "displayName" = $3, "clientMetadata" = $4::jsonb, "signedUpAt" = $5::timestamptz,
        "clientReadOnlyMetadata" = ${VERSIONED_JSON} WHERE "tenancyId" = $1 AND "projectUserId" = $2`,
      values: [tenancyId, userOf(op), ...op.texts],
    },
  ],
};

/** Takes its contact channels and memberships with it. */
const deleteUser: OperationKind = { ...whole, weight: 6, statements: (op, tenancyId) => [remove(op, tenancyId)] };

const recreateUser: OperationKind = {
  ...whole,
  weight: 6,
  statements: (op, tenancyId) => [remove(op, tenancyId), insert(op, tenancyId)],
};

const vanishingUser: OperationKind = {
  ...whole,
  weight: 2,
  statements: (op, tenancyId) => [insert(op, tenancyId), remove(op, tenancyId)],
};

/** Only users that nothing refers to can get a new key. */
const renameUser: OperationKind = {
  weight: 4,
  choose: (random) => ({ numbers: [random.int(KEYS), random.int(KEYS)], texts: [] }),
  locks: (op) => [lockOf(op, 0), lockOf(op, 1)],
  statements: (op, tenancyId) => [
    {
      text: `UPDATE "ProjectUser" u SET "projectUserId" = $3, "clientReadOnlyMetadata" = ${VERSIONED_JSON}
        WHERE u."tenancyId" = $1 AND u."projectUserId" = $2
          AND NOT EXISTS (SELECT 1 FROM "ProjectUser" o WHERE o."tenancyId" = $1 AND o."projectUserId" = $3)
          AND NOT EXISTS (SELECT 1 FROM "ContactChannel" c WHERE c."tenancyId" = $1 AND c."projectUserId" = $2)
          AND NOT EXISTS (SELECT 1 FROM "TeamMember" m WHERE m."tenancyId" = $1 AND m."projectUserId" = $2)`,
      values: [tenancyId, userOf(op, 0), userOf(op, 1)],
    },
  ],
};

/** A column that no mapping reads. */
const touchUser: OperationKind = {
  ...whole,
  weight: 4,
  statements: (op, tenancyId) => [
    {
      text: 'UPDATE "ProjectUser" SET "lastActiveAt" = now() WHERE "tenancyId" = $1 AND "projectUserId" = $2',
      values: [tenancyId, userOf(op)],
    },
  ],
};

export const USERS: Readonly<Record<string, OperationKind>> = {
  insertUser,
  updateUser,
  deleteUser,
  recreateUser,
  vanishingUser,
  renameUser,
  touchUser,
};
