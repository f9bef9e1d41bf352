import { randomUUID } from 'node:crypto';
import type { Database } from '@hexclave/db';
import { hexclaveCatalog } from '@hexclave/sync';
import { createTestDatabase, fileNeedsMigrations, type TestDatabase } from '@hexclave/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createStatusReader } from './status.ts';
import { createStatusHub, type StatusHub } from './status-hub.ts';

fileNeedsMigrations(['0012_status']);

const tenancyId = randomUUID();
let database: TestDatabase;
let stopping: AbortController;
let errors: unknown[];

beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.query('INSERT INTO "Project" ("id", "displayName") VALUES ($1::text, $1)', [tenancyId]);
  await database.db.query('INSERT INTO "Tenancy" ("id", "projectId") VALUES ($1::uuid, $1::uuid::text)', [tenancyId]);
});

afterAll(() => database.drop());

beforeEach(() => {
  stopping = new AbortController();
  errors = [];
});

afterEach(() => {
  stopping.abort();
  expect(errors).toEqual([]);
});

/** The database, with how many statements each of its transactions had. */
function counting(db: Database): { db: Database; statements: number[] } {
  const statements: number[] = [];
  const counted: Database = {
    ...db,
    transaction: (work, options) =>
      db.transaction((tx) => {
        const index = statements.push(0) - 1;
        return work({
          query: (text, values) => {
            statements[index] = (statements[index] ?? 0) + 1;
            return tx.query(text, values);
          },
        });
      }, options),
  };
  return { db: counted, statements };
}

function hubOver(db: Database): StatusHub {
  const reader = createStatusReader(db, hexclaveCatalog);
  return createStatusHub({ reader, signal: stopping.signal, onError: (error) => errors.push(error) });
}

/** How many statements it takes until all of so many followers have the whole of what they follow. */
async function costOf(followers: number, followed: string | null): Promise<number> {
  const { db, statements } = counting(database.db);
  const hub = hubOver(db);
  const all = Array.from({ length: followers }, () => hub.follow(followed, undefined));
  const events = await Promise.all(all.map((follower) => follower.next()));
  for (const follower of all) follower.close();
  expect(events.map((event) => event?.kind)).toEqual(all.map(() => 'snapshot'));
  // One look has served them all. Another may have begun by now.
  expect(new Set(events.map((event) => event?.kind === 'snapshot' && event.data)).size).toBe(1);
  return statements[0] ?? 0;
}

test.each([
  ['a project', tenancyId],
  ['all projects', null],
])('many who follow %s cost as many statements as one', async (_, followed) => {
  const one = await costOf(1, followed);
  expect(one).toBeGreaterThan(0);
  expect(await costOf(50, followed)).toBe(one);
});

test('more than fifty of one topic are put off, and room is made by those who go', () => {
  const hub = hubOver(database.db);
  const followers = Array.from({ length: 50 }, () => hub.follow(tenancyId, undefined));
  expect(() => hub.follow(tenancyId, undefined)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
  followers[0]?.close();
  hub.follow(tenancyId, undefined);
});

test('who follows when the server stops is told so at once', async () => {
  const hub = hubOver(database.db);
  const follower = hub.follow(tenancyId, undefined);
  stopping.abort();
  expect(await follower.next()).toEqual({ kind: 'end', data: { reason: 'server_stopping' } });
  expect(await follower.next()).toBeNull();
});
