import { randomUUID } from 'node:crypto';
import type { Queryable } from '@hexclave/db';

/** Writes into the tracked tables as the API or anybody with SQL would. */
export async function addUser(
  db: Queryable,
  tenancyId: string,
  values: { id?: string; name?: string } = {},
): Promise<string> {
  const id = values.id ?? randomUUID();
  await db.query('INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName") VALUES ($1, $2, $3)', [
    tenancyId,
    id,
    values.name ?? 'somebody',
  ]);
  return id;
}

export async function addUsers(db: Queryable, tenancyId: string, count: number): Promise<void> {
  await db.query(
    `INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName", "clientMetadata")
     SELECT $1, gen_random_uuid(), 'user ' || n, jsonb_build_object('n', n) FROM generate_series(1, $2::int) n`,
    [tenancyId, count],
  );
}

export async function addEmail(
  db: Queryable,
  tenancyId: string,
  userId: string,
  values: { value?: string; isPrimary?: boolean } = {},
): Promise<string> {
  const id = randomUUID();
  await db.query(
    `INSERT INTO "ContactChannel" ("tenancyId", "id", "projectUserId", "type", "value", "isPrimary") VALUES ($1, $2, $3, 'email', $4, $5)`,
    [tenancyId, id, userId, values.value ?? `${id}@example.com`, values.isPrimary ?? true],
  );
  return id;
}

export async function addTeam(
  db: Queryable,
  tenancyId: string,
  values: { id?: string; name?: string } = {},
): Promise<string> {
  const id = values.id ?? randomUUID();
  await db.query('INSERT INTO "Team" ("tenancyId", "teamId", "displayName") VALUES ($1, $2, $3)', [
    tenancyId,
    id,
    values.name ?? 'a team',
  ]);
  return id;
}

export async function rename(db: Queryable, userId: string, name: string): Promise<void> {
  await db.query('UPDATE "ProjectUser" SET "displayName" = $1 WHERE "projectUserId" = $2', [name, userId]);
}

export async function removeUser(db: Queryable, userId: string): Promise<void> {
  await db.query('DELETE FROM "ProjectUser" WHERE "projectUserId" = $1', [userId]);
}
