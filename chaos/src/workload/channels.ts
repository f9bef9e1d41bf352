import { KEYS, keyOf } from './keys.ts';
import { at, type Operation, type OperationKind, type Statement, versionedText } from './operation.ts';
import { hostileText } from './values.ts';

const channelOf = (operation: Operation) => keyOf('channel', at(operation.numbers, 0));
const userOf = (operation: Operation) => keyOf('user', at(operation.numbers, 1));

const INSERT = `INSERT INTO "ContactChannel" ("tenancyId", "id", "projectUserId", "type", "value", "isPrimary")
  SELECT $1, $2, u."projectUserId", 'email', ${versionedText('$4')},
    NOT EXISTS (SELECT 1 FROM "ContactChannel" c WHERE c."tenancyId" = $1 AND c."projectUserId" = $3 AND c."isPrimary")
  FROM "ProjectUser" u WHERE u."tenancyId" = $1 AND u."projectUserId" = $3 ON CONFLICT ("tenancyId", "id") DO NOTHING`;
const DELETE = 'DELETE FROM "ContactChannel" WHERE "tenancyId" = $1 AND "id" = $2';

const insert = (operation: Operation, tenancyId: string): Statement => ({
  text: INSERT,
  values: [tenancyId, channelOf(operation), userOf(operation), ...operation.texts],
});
const remove = (operation: Operation, tenancyId: string): Statement => ({
  text: DELETE,
  values: [tenancyId, channelOf(operation)],
});

const whole: Pick<OperationKind, 'choose' | 'locks'> = {
  choose: (random) => ({ numbers: [random.int(KEYS), random.int(KEYS)], texts: [hostileText(random)] }),
  locks: (operation) => [`channel:${at(operation.numbers, 0)}`],
};

const insertChannel: OperationKind = { ...whole, weight: 12, statements: (op, tenancyId) => [insert(op, tenancyId)] };

const updateChannel: OperationKind = {
  ...whole,
  weight: 10,
  statements: (op, tenancyId) => [
    {
      text: `UPDATE "ContactChannel" SET "value" = ${versionedText('$3')}, "isVerified" = NOT "isVerified"
        WHERE "tenancyId" = $1 AND "id" = $2`,
      values: [tenancyId, channelOf(op), ...op.texts],
    },
  ],
};

const demoteChannel: OperationKind = {
  ...whole,
  weight: 4,
  statements: (op, tenancyId) => [
    {
      text: `UPDATE "ContactChannel" SET "isPrimary" = false, "value" = ${versionedText('$3')}
        WHERE "tenancyId" = $1 AND "id" = $2`,
      values: [tenancyId, channelOf(op), ...op.texts],
    },
  ],
};

const deleteChannel: OperationKind = { ...whole, weight: 4, statements: (op, tenancyId) => [remove(op, tenancyId)] };

/** Perhaps at another user. */
const recreateChannel: OperationKind = {
  ...whole,
  weight: 4,
  statements: (op, tenancyId) => [remove(op, tenancyId), insert(op, tenancyId)],
};

export const CHANNELS: Readonly<Record<string, OperationKind>> = {
  insertChannel,
  updateChannel,
  demoteChannel,
  deleteChannel,
  recreateChannel,
};
