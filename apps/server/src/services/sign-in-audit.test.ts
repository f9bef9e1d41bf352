import { createTestDatabase, fileNeedsMigrations, type TestDatabase } from '@hexclave/testing';
import { beforeEach, expect, test } from 'vitest';
import { recordFailedSignIn } from './sign-in-audit.ts';

fileNeedsMigrations(['0011_controls']);

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.db.query(`INSERT INTO "Project" ("id", "displayName") VALUES ('known', 'known')`);
});

const fail = (projectId: string | undefined, address: string) =>
  recordFailedSignIn(database.db, 'a-request', projectId, { by: 'key', address, cause: 'wrong_key' });

type Event = { projectId: string | null; after: { address: string | null; attempts: number; cause: string } };
const events = () => database.db.query<Event>(`SELECT "projectId", "after" FROM "AuditEvent" ORDER BY "at"`);

test('attempts from one address at one project are one event, which counts them', async () => {
  for (let attempt = 0; attempt < 5; attempt++) await fail('known', '203.0.113.1');
  await fail('known', '203.0.113.2');
  const found = await events();
  expect(found.map(({ after }) => [after.address, after.attempts, after.cause])).toEqual([
    ['203.0.113.1', 5, 'wrong_key'],
    ['203.0.113.2', 1, 'wrong_key'],
  ]);
  await database.db.query(`UPDATE "AuditEvent" SET "at" = "at" - interval '2 hours'`);
  await fail('known', '203.0.113.1');
  expect(await events()).toHaveLength(3);
});

test('a project that is none is not kept: anything may be asked for', async () => {
  await fail('made-up', '203.0.113.1');
  await fail(undefined, '203.0.113.1');
  expect(await events()).toMatchObject([{ projectId: null, after: { attempts: 2 } }]);
});

test('a flood from everywhere shares one event, and no attempt is lost count of', async () => {
  const attempts = 250;
  for (let address = 0; address < attempts; address++) await fail('known', `2001:db8:0:${address.toString(16)}::/64`);
  const found = await events();
  expect(found.length).toBeLessThan(110);
  expect(found.filter(({ after }) => after.address === null)).toHaveLength(1);
  expect(found.reduce((sum, { after }) => sum + after.attempts, 0)).toBe(attempts);
  await fail('known', '2001:db8:0:1::/64');
  expect((await events()).find(({ after }) => after.address === '2001:db8:0:1::/64')?.after.attempts).toBe(2);
});
