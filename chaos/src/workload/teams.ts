import { KEYS, keyOf } from './keys.ts';
import { at, type Operation, type OperationKind, type Statement, VERSIONED_JSON, versionedText } from './operation.ts';
import { hostileJson, hostileText } from './values.ts';

const teamOf = (operation: Operation, index = 0) => keyOf('team', at(operation.numbers, index));
const userOf = (operation: Operation) => keyOf('user', at(operation.numbers, 1));
const one = (text: string, values: readonly unknown[]): readonly Statement[] => [{ text, values }];

/** Locks of teams are those of all tenancies, between which teams move. */
const team: Pick<OperationKind, 'choose' | 'locks'> = {
  choose: (random) => ({ numbers: [random.int(KEYS)], texts: [hostileText(random), hostileJson(random)] }),
  locks: (operation) => [`*team:${at(operation.numbers, 0)}`],
};

const member: Pick<OperationKind, 'choose' | 'locks'> = {
  choose: (random) => ({ numbers: [random.int(KEYS), random.int(KEYS)], texts: [hostileText(random)] }),
  locks: (operation) => [`member:${at(operation.numbers, 0)}:${at(operation.numbers, 1)}`],
};

const putTeam: OperationKind = {
  ...team,
  weight: 12,
  statements: (op, tenancyId) =>
    one(
      `INSERT INTO "Team" ("tenancyId", "teamId", "displayName", "serverMetadata", "clientReadOnlyMetadata")
       VALUES ($1, $2, $3, $4::jsonb, ${VERSIONED_JSON}) ON CONFLICT ("tenancyId", "teamId") DO UPDATE SET "displayName" = excluded."displayName",
         "serverMetadata" = excluded."serverMetadata", "clientReadOnlyMetadata" = excluded."clientReadOnlyMetadata"`,
      [tenancyId, teamOf(op), ...op.texts],
    ),
};

const deleteTeam: OperationKind = {
  ...team,
  weight: 4,
  statements: (op, tenancyId) =>
    one('DELETE FROM "Team" WHERE "tenancyId" = $1 AND "teamId" = $2', [tenancyId, teamOf(op)]),
};

const renameTeam: OperationKind = {
  weight: 4,
  choose: (random) => ({ numbers: [random.int(KEYS), random.int(KEYS)], texts: [] }),
  locks: (op) => [`*team:${at(op.numbers, 0)}`, `*team:${at(op.numbers, 1)}`],
  statements: (op, tenancyId) =>
    one(
      `UPDATE "Team" t SET "teamId" = $3, "clientReadOnlyMetadata" = ${VERSIONED_JSON} WHERE t."tenancyId" = $1 AND t."teamId" = $2
         AND NOT EXISTS (SELECT 1 FROM "TeamMember" m WHERE m."tenancyId" = $1 AND m."teamId" = $2)
         AND NOT EXISTS (SELECT 1 FROM "Team" o WHERE o."tenancyId" = $1 AND o."teamId" = $3)`,
      [tenancyId, teamOf(op, 0), teamOf(op, 1)],
    ),
};

/** To another tenancy, a deletion here and a new row there; never to the last one, which is to be left alone once it is quiet. */
const moveTeam: OperationKind = {
  weight: 2,
  choose: (random) => ({ numbers: [random.int(KEYS), random.int(1_000)], texts: [] }),
  locks: (op) => [`*team:${at(op.numbers, 0)}`],
  statements: (op, tenancyId, { tenancies }) =>
    one(
      `UPDATE "Team" t SET "tenancyId" = $1, "clientReadOnlyMetadata" = ${VERSIONED_JSON} WHERE t."tenancyId" = $3 AND t."teamId" = $2
         AND NOT EXISTS (SELECT 1 FROM "TeamMember" m WHERE m."tenancyId" = $3 AND m."teamId" = $2)
         AND NOT EXISTS (SELECT 1 FROM "Team" o WHERE o."tenancyId" = $1 AND o."teamId" = $2)`,
      [tenancies[at(op.numbers, 1) % (tenancies.length - 1)], teamOf(op), tenancyId],
    ),
};

const putMember: OperationKind = {
  ...member,
  weight: 12,
  statements: (op, tenancyId) =>
    one(
      `INSERT INTO "TeamMember" ("tenancyId", "teamId", "projectUserId", "displayName")
       SELECT $1, t."teamId", u."projectUserId", ${versionedText('$4')} FROM "Team" t, "ProjectUser" u
       WHERE t."tenancyId" = $1 AND u."tenancyId" = $1 AND t."teamId" = $2 AND u."projectUserId" = $3
       ON CONFLICT ("tenancyId", "teamId", "projectUserId") DO UPDATE SET "displayName" = excluded."displayName"`,
      [tenancyId, teamOf(op), userOf(op), ...op.texts],
    ),
};

const deleteMember: OperationKind = {
  ...member,
  weight: 4,
  statements: (op, tenancyId) =>
    one('DELETE FROM "TeamMember" WHERE "tenancyId" = $1 AND "teamId" = $2 AND "projectUserId" = $3', [
      tenancyId,
      teamOf(op),
      userOf(op),
    ]),
};

export const TEAMS: Readonly<Record<string, OperationKind>> = {
  putTeam,
  deleteTeam,
  renameTeam,
  moveTeam,
  putMember,
  deleteMember,
};
