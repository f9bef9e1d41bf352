import type { Queryable } from '@hexclave/db';
import type { Random } from '@hexclave/testing';

/** So few keys that they are deleted and created again all the time. */
const KEYS = 40;

const key = (random: Random, kind: number) =>
  `${kind}0000000-0000-4000-8000-${String(random.int(KEYS)).padStart(12, '0')}`;
const user = (random: Random) => key(random, 1);
const channel = (random: Random) => key(random, 2);
const team = (random: Random) => key(random, 3);
const text = (random: Random) => random.pick(['a', 'b\\', "c'", '\\N', '\t', '🦊', '']) + random.int(1_000);
const json = (random: Random) =>
  random.pick(['null', '[]', `{"n": ${random.int(9)}.0}`, `"${random.int(9)}"`, '9007199254740993']);

type Write = (db: Queryable, tenancyId: string, random: Random) => Promise<unknown>;

const writes: readonly [Write, ...Write[]] = [
  (db, tenancyId, random) =>
    db.query(
      'INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName", "clientMetadata") VALUES ($1, $2, $3, $4::jsonb) ON CONFLICT DO NOTHING',
      [tenancyId, user(random), text(random), json(random)],
    ),
  (db, tenancyId, random) =>
    db.query(
      'UPDATE "ProjectUser" SET "displayName" = $3, "clientMetadata" = $4::jsonb WHERE "tenancyId" = $1 AND "projectUserId" = $2',
      [tenancyId, user(random), text(random), json(random)],
    ),
  (db, tenancyId, random) =>
    db.query('DELETE FROM "ProjectUser" WHERE "tenancyId" = $1 AND "projectUserId" = $2', [tenancyId, user(random)]),
  (db, tenancyId, random) =>
    db.query(
      `INSERT INTO "ContactChannel" ("tenancyId", "id", "projectUserId", "type", "value", "isPrimary")
       SELECT $1, $2, u."projectUserId", 'email', $4, NOT EXISTS (SELECT 1 FROM "ContactChannel" c WHERE c."tenancyId" = $1 AND c."projectUserId" = $3 AND c."isPrimary")
       FROM "ProjectUser" u WHERE u."tenancyId" = $1 AND u."projectUserId" = $3 ON CONFLICT DO NOTHING`,
      [tenancyId, channel(random), user(random), text(random)],
    ),
  (db, tenancyId, random) =>
    db.query(
      'UPDATE "ContactChannel" SET "value" = $3, "isVerified" = NOT "isVerified" WHERE "tenancyId" = $1 AND "id" = $2',
      [tenancyId, channel(random), text(random)],
    ),
  (db, tenancyId, random) =>
    db.query('UPDATE "ContactChannel" SET "isPrimary" = false WHERE "tenancyId" = $1 AND "id" = $2', [
      tenancyId,
      channel(random),
    ]),
  (db, tenancyId, random) =>
    db.query('DELETE FROM "ContactChannel" WHERE "tenancyId" = $1 AND "id" = $2', [tenancyId, channel(random)]),
  (db, tenancyId, random) =>
    db.query(
      'INSERT INTO "Team" ("tenancyId", "teamId", "displayName") VALUES ($1, $2, $3) ON CONFLICT ("tenancyId", "teamId") DO UPDATE SET "displayName" = excluded."displayName"',
      [tenancyId, team(random), text(random)],
    ),
  (db, tenancyId, random) =>
    db.query('DELETE FROM "Team" WHERE "tenancyId" = $1 AND "teamId" = $2', [tenancyId, team(random)]),
  (db, tenancyId, random) =>
    db.query(
      `INSERT INTO "TeamMember" ("tenancyId", "teamId", "projectUserId", "displayName") SELECT $1, t."teamId", u."projectUserId", $4 FROM "Team" t, "ProjectUser" u
       WHERE t."tenancyId" = $1 AND u."tenancyId" = $1 AND t."teamId" = $2 AND u."projectUserId" = $3 ON CONFLICT DO NOTHING`,
      [tenancyId, team(random), user(random), text(random)],
    ),
  (db, tenancyId, random) =>
    db.query(
      'UPDATE "Team" SET "teamId" = $3 WHERE "tenancyId" = $1 AND "teamId" = $2 AND NOT EXISTS (SELECT 1 FROM "TeamMember" m WHERE m."teamId" = $2)',
      [tenancyId, team(random), team(random)],
    ),
  (db, tenancyId, random) =>
    db.query('UPDATE "ProjectUser" SET "lastActiveAt" = now() WHERE "tenancyId" = $1 AND "projectUserId" = $2', [
      tenancyId,
      user(random),
    ]),
];

const bulkWrites: readonly [Write, ...Write[]] = [
  (db, tenancyId, random) =>
    db.query(
      `INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName") SELECT $1, gen_random_uuid(), 'bulk ' || n FROM generate_series(1, $2::int) n`,
      [tenancyId, 100 + random.int(500)],
    ),
  (db, tenancyId, random) =>
    db.query(
      `UPDATE "ProjectUser" SET "displayName" = 'bulk ' || $2 WHERE "tenancyId" = $1 AND "displayName" LIKE 'bulk %' AND random() < 0.3`,
      [tenancyId, random.int(1_000)],
    ),
  (db, tenancyId) =>
    db.query(`DELETE FROM "ProjectUser" WHERE "tenancyId" = $1 AND "displayName" LIKE 'bulk %' AND random() < 0.5`, [
      tenancyId,
    ]),
];

/** One random change of one tenancy. */
export function writeSomething(db: Queryable, tenancyId: string, random: Random): Promise<unknown> {
  return random.pick(random.chance(0.02) ? bulkWrites : writes)(db, tenancyId, random);
}
