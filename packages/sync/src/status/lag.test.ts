import { createTestDatabase, fileNeedsMigrations, type TestDatabase } from '@hexclave/testing';
import { fillInstallation } from '@hexclave/testing/installation';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compileBacklog } from '../compile/backlog.ts';
import { addUser, numberEverything } from '../fixtures/source.ts';
import { hexclaveCatalog } from '../mappings/index.ts';
import { readUnnumbered } from './attention.ts';
import { type ListRequest, listTenancies, type Position } from './list.ts';
import { sampler } from './sample.ts';
import { readSnapshot } from './snapshot.ts';

fileNeedsMigrations(['0017_tenancy_lag']);

const sql = compileBacklog(hexclaveCatalog);
const sample = sampler(hexclaveCatalog);
const TENANCIES = 7;
const SAMPLED_EVERY_SECONDS = 20;

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
  await fillInstallation(database.db, { tenancies: TENANCIES, users: 0, tombstones: 0 });
});

afterEach(() => database.drop());

const idOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const numberOf = (id: string) => Number(id.slice(-12));

/** An attempt at these has failed, and at no others. */
async function fail(...numbers: number[]): Promise<void> {
  await database.db.query(
    `UPDATE "ExternalDatabaseState" SET "errorCode" = CASE WHEN "tenancyId" = ANY ($1) THEN 'TARGET_UNREACHABLE' END,
       "failingSince" = CASE WHEN "tenancyId" = ANY ($1) THEN now() END`,
    [numbers.map(idOf)],
  );
}

/** One change after the other, each of which gets its number at once. */
async function change(...numbers: number[]): Promise<void> {
  for (const number of numbers) {
    await addUser(database.db, idOf(number));
    await numberEverything(database.db);
  }
}

async function sampleAgain(): Promise<void> {
  await database.db.query(`UPDATE "PipelineSample" SET "at" = "at" - ${SAMPLED_EVERY_SECONDS} * interval '1 second'`);
  expect(await sample(database.db)).toBe(true);
}

/** The numbers of all projects, page by page. */
async function list(request: Pick<ListRequest, 'sort' | 'state' | 'search'>, limit = 2): Promise<number[]> {
  const found: number[] = [];
  let after: Position | null | undefined;
  while (after !== null) {
    const page = await readSnapshot(database.db, async (tx) =>
      listTenancies(tx, await readUnnumbered(tx, sql), { ...request, limit, after: after ?? undefined }),
    );
    found.push(...page.ids.map(numberOf));
    after = page.next;
  }
  return found;
}

test('all projects come page by page, the one first whose oldest change has waited for longest', async () => {
  await change(5, 2, 6, 5, 2);
  await fail(2, 3, 5, 6);
  await sampleAgain();
  expect(await list({ sort: 'lag' })).toEqual([5, 2, 6, 1, 3, 4, 7]);
  expect(await list({ sort: 'lag' }, TENANCIES)).toEqual([5, 2, 6, 1, 3, 4, 7]);
  expect(await list({ sort: '-lag' }, 1)).toEqual([6, 2, 5, 1, 3, 4, 7]);
});

test('those of one state, or with part of a name, are in the same order', async () => {
  await change(5, 2, 6);
  await fail(2, 3, 5);
  await database.db.query('UPDATE "ExternalDatabase" SET "paused" = true WHERE "tenancyId" = $1', [idOf(6)]);
  await sampleAgain();
  expect(await list({ sort: 'lag', state: 'failing' })).toEqual([5, 2, 3]);
  expect(await list({ sort: 'lag', state: 'paused' })).toEqual([6]);
  expect(await list({ sort: 'lag', state: 'fresh' })).toEqual([1, 4, 7]);
  expect(await list({ sort: 'lag', search: 'project 2' })).toEqual([2]);
});

test('what has arrived meanwhile is in its place by name at once, and what is deleted is gone', async () => {
  await change(5, 2, 6);
  await fail(2, 5, 6);
  await sampleAgain();
  await fail(2);
  await database.db.query('DELETE FROM "Tenancy" WHERE "id" = $1', [idOf(2)]);
  expect(await list({ sort: 'lag' })).toEqual([1, 3, 4, 5, 6, 7]);
  await sampleAgain();
  expect(await database.db.query('SELECT 1 FROM "TenancyLag"')).toEqual([]);
});

test('a change without a number has waited for less than those that have one, and for longer than nothing', async () => {
  await change(5);
  await fail(5);
  await sampleAgain();
  await addUser(database.db, idOf(3));
  await sampleAgain();
  await sampleAgain();
  expect(await list({ sort: 'lag' })).toEqual([5, 3, 1, 2, 4, 6, 7]);
});

test('a table that is not copied, or is copied for the first time, has no change that waits', async () => {
  await change(5, 2);
  await fail(2, 5);
  await database.db.query(
    `UPDATE "ExternalDatabase" SET "tables" = '{"users": {"enabled": false}}' WHERE "tenancyId" = $1`,
    [idOf(5)],
  );
  await database.db.query(`UPDATE "ExternalDatabaseMappingState" SET "phase" = 'copy' WHERE "tenancyId" = $1`, [
    idOf(2),
  ]);
  await sampleAgain();
  expect(await list({ sort: 'lag' })).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('samples are taken before there is a place to keep this in', async () => {
  await database.db.query('DROP TABLE "TenancyLag"');
  await sampleAgain();
  expect(await database.db.query('SELECT 1 FROM "PipelineSample"')).not.toEqual([]);
});
