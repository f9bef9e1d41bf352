import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { succeed } from '../support/api-client.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import { type ExternalDatabase, type Project, pathOf } from './support/project.ts';

const THROUGH_THE_API = 1_000;
const CALLERS = 8;
const BY_SQL = 100_000;
const MOST_MEMORY = 300 * 1_024 * 1_024;
/** Of 26 kB each: so many that the batches have become small before they are all there. */
const LARGE_ROWS = 8_000;
const INSERTED_AT_ONCE = 20_000;
/** Machines of all kinds run this; it is no benchmark. */
const PATIENCE_MS = 180_000;

let hexclave: Installation;

beforeAll(async () => {
  hexclave = await createInstallation();
});

afterAll(() => hexclave.close());

async function countOf({ database }: ExternalDatabase, table: string): Promise<number> {
  const [row] = await database.db.query<{ count: number }>(`SELECT count(*)::int AS count FROM hexclave.${table}`);
  return row?.count ?? -1;
}

test(`${THROUGH_THE_API} users through the API, more than a page, arrive while they are created`, async () => {
  const project = await hexclave.createProject();
  const external = await project.addExternalDatabase();
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let n = caller; n < THROUGH_THE_API; n += CALLERS) {
      await succeed(project.api.post('/users', { display_name: `user ${n}`, primary_email: `user-${n}@example.com` }));
    }
  });
  await Promise.all(callers);
  await project.converged(external);
  expect(await countOf(external, 'users')).toBe(THROUGH_THE_API);
  expect(await countOf(external, 'contact_channels')).toBe(THROUGH_THE_API);
});

describe(`${BY_SQL} users with their e-mails, by SQL`, { timeout: 2 * PATIENCE_MS }, () => {
  let project: Project;
  let copied: ExternalDatabase;
  let streamed: ExternalDatabase;
  let memory: ReturnType<typeof watchMemory>;

  beforeAll(async () => {
    project = await hexclave.createProject();
    streamed = await project.addExternalDatabase({ id: 'streamed' });
    await project.converged(streamed);
    memory = watchMemory(hexclave);
  });

  afterAll(() => memory.most());

  test('are streamed into a copy that was there before them', async () => {
    await insertUsers(project.tenancyId);
    await project.settled(PATIENCE_MS);
    await project.converged(streamed);
    expect(await countOf(streamed, 'users')).toBe(BY_SQL);
    expect(await countOf(streamed, 'contact_channels')).toBe(BY_SQL);
  });

  test('are copied into one that is added afterwards', async () => {
    copied = await project.addExternalDatabase({ id: 'copied' });
    await project.settled(PATIENCE_MS);
    await project.converged(copied);
  });

  test('are updated and partly deleted in both, with what goes with them', async () => {
    const { db } = hexclave;
    await db.query(
      `UPDATE "ProjectUser" SET "displayName" = 'changed ' || ("clientMetadata" ->> 'n'), "serverMetadata" = '{"seen": true}'
       WHERE "tenancyId" = $1 AND ("clientMetadata" ->> 'n')::int % 2 = 0`,
      [project.tenancyId],
    );
    await db.query(
      `UPDATE "ContactChannel" SET "value" = 'new-' || "value", "isVerified" = true
       WHERE "tenancyId" = $1 AND "value" LIKE '%7@example.com'`,
      [project.tenancyId],
    );
    await db.query(`DELETE FROM "ProjectUser" WHERE "tenancyId" = $1 AND ("clientMetadata" ->> 'n')::int % 5 = 0`, [
      project.tenancyId,
    ]);
    await project.settled(PATIENCE_MS);
    for (const external of [streamed, copied]) {
      await project.converged(external);
      expect(await countOf(external, 'users')).toBe(BY_SQL * 0.8);
      expect(await countOf(external, 'contact_channels')).toBe(BY_SQL * 0.8);
    }
  });

  test('and the memory of the server stayed bounded', async () => {
    expect(await memory.most()).toBeLessThan(MOST_MEMORY);
  });
});

test('rows so large that a batch has fewer of them than a page', { timeout: PATIENCE_MS }, async () => {
  const project = await hexclave.createProject();
  const external = await project.addExternalDatabase();
  await project.converged(external);
  await project.configure({ [`${pathOf(external.id)}.paused`]: true });
  await hexclave.db.query(
    `INSERT INTO "ProjectUser" ("tenancyId", "serverMetadata")
     SELECT $1, jsonb_build_object('n', n, 'text', repeat('x', 26000)) FROM generate_series(1, $2::int) n`,
    [project.tenancyId, LARGE_ROWS],
  );
  await project.settled(PATIENCE_MS / 2);
  await project.configure({ [`${pathOf(external.id)}.paused`]: false });
  await project.settled(PATIENCE_MS / 2);
  const digest = (id: string, metadata: string) =>
    `SELECT count(*)::int AS count, md5(string_agg(${id}::text || md5(${metadata}::text), '' ORDER BY ${id})) AS digest`;
  const copy = await external.database.db.query<{ count: number }>(
    `${digest('id', 'server_metadata')} FROM hexclave.users`,
  );
  expect(copy).toEqual(
    await hexclave.db.query(
      `${digest('"projectUserId"', '"serverMetadata"')} FROM "ProjectUser" WHERE "tenancyId" = $1`,
      [project.tenancyId],
    ),
  );
  expect(copy[0]?.count).toBe(LARGE_ROWS);
});

/** In several statements, none of which comes near the time that one may take. */
async function insertUsers(tenancyId: string): Promise<void> {
  for (let from = 1; from <= BY_SQL; from += INSERTED_AT_ONCE) {
    await hexclave.db.query(
      `WITH users AS (
         INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName", "clientMetadata", "serverMetadata")
         SELECT $1, gen_random_uuid(), 'user ' || n, jsonb_build_object('n', n), jsonb_build_object('text', repeat('x', 100))
         FROM generate_series($2::int, $3::int) n RETURNING "projectUserId", "clientMetadata" ->> 'n' AS n)
       INSERT INTO "ContactChannel" ("tenancyId", "projectUserId", "type", "value", "isPrimary")
       SELECT $1, u."projectUserId", 'email', 'user-' || u.n || '@example.com', true FROM users u`,
      [tenancyId, from, from + INSERTED_AT_ONCE - 1],
    );
  }
}

/** Looks at the resident memory of the server until asked for the most that was seen, in bytes. */
function watchMemory({ server }: Installation): { most(): Promise<number> } {
  const stop = new AbortController();
  let most = 0;
  const watching = (async () => {
    while (!stop.signal.aborted) {
      most = Math.max(most, await server.memory());
      await delay(50, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return {
    most: async () => {
      stop.abort();
      await watching;
      return most;
    },
  };
}
