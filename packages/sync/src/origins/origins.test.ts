import type { Database } from '@hexclave/db';
import { createTestDatabase, fileNeedsMigrations, type TestDatabase } from '@hexclave/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addTeam, addTenancy } from '../fixtures/source.ts';
import { numberBatch } from '../sequencer/pass.ts';
import { initialState } from '../sequencer/step.ts';
import { noteOrigin, originsOf, pruneOrigins, takeOrigins } from './origins.ts';

fileNeedsMigrations(['0014_change_origins']);

const A = '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaa-01';
const B = '00-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-bbbbbbbbbbbbbbbb-01';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  await numberBatch(db, initialState, 0);
});

afterAll(() => database.drop());

const pass = () => numberBatch(db, initialState, 0, true);

async function writeFrom(traceparent: string): Promise<string> {
  const tenancyId = await addTenancy(db);
  await writeAgain(tenancyId, traceparent);
  return tenancyId;
}

async function writeAgain(tenancyId: string, traceparent: string): Promise<void> {
  await db.transaction(async (tx) => {
    await addTeam(tx, tenancyId);
    await noteOrigin(tx, { tenancyId, traceparent });
  });
}

async function numberOf(tenancyId: string): Promise<bigint> {
  const [row] = await db.query<{ last: bigint }>(
    'SELECT max("sequenceId") AS last FROM "Team" WHERE "tenancyId" = $1',
    [tenancyId],
  );
  return row?.last ?? 0n;
}

test('the pass that numbers a change tells where it comes from, and a delivery is told once', async () => {
  const tenancyId = await writeFrom(A);
  expect(await takeOrigins(db, tenancyId)).toEqual([]);
  const { numbered, origins } = await pass();
  expect(numbered).toBe(1n);
  expect(origins).toEqual([{ tenancyId, traceparent: A }]);
  expect(await takeOrigins(db, tenancyId)).toEqual([A]);
  expect(await takeOrigins(db, tenancyId)).toEqual([]);
  expect((await pass()).origins).toEqual([]);
});

test('a batch finds the origins of the numbers that it applied, and no others', async () => {
  const tenancyId = await writeFrom(A);
  await pass();
  const first = await numberOf(tenancyId);
  await writeAgain(tenancyId, B);
  await pass();
  const second = await numberOf(tenancyId);
  expect(await originsOf(db, tenancyId, [{ after: first - 1n, through: first }])).toEqual([A]);
  expect(await originsOf(db, tenancyId, [{ after: first, through: second }])).toEqual([B]);
  expect((await originsOf(db, tenancyId, [{ after: 0n, through: second }])).sort()).toEqual([A, B]);
  expect(await originsOf(db, tenancyId, [{ after: second, through: second + 9n }])).toEqual([]);
  expect(await originsOf(db, await addTenancy(db), [{ after: 0n, through: second }])).toEqual([]);
});

test('a transaction that is still open keeps its origin to itself, and is followed when it is numbered', async () => {
  const tenancyId = await addTenancy(db);
  await db.transaction(async (tx) => {
    await addTeam(tx, tenancyId);
    await noteOrigin(tx, { tenancyId, traceparent: A });
    expect((await pass()).origins).toEqual([]);
  });
  expect((await pass()).origins).toEqual([{ tenancyId, traceparent: A }]);
});

test('of two passes at once one follows an origin', async () => {
  const tenancyId = await writeFrom(B);
  const passes = await Promise.all([pass(), pass(), pass()]);
  expect(passes.flatMap(({ origins }) => origins)).toEqual([{ tenancyId, traceparent: B }]);
});

test('a process that follows nothing leaves origins alone, and old ones are forgotten', async () => {
  const tenancyId = await writeFrom(A);
  expect((await numberBatch(db, initialState, 0)).origins).toEqual([]);
  await pruneOrigins(db, 60_000);
  expect(await db.query('SELECT 1 FROM "ChangeOrigin" WHERE "tenancyId" = $1', [tenancyId])).toHaveLength(1);
  await pruneOrigins(db, 0);
  expect(await db.query('SELECT 1 FROM "ChangeOrigin"')).toEqual([]);
});
