import { createTestDatabase, fileNeedsMigrations, type TestDatabase } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileBacklog } from '../compile/backlog.ts';
import { addTeam, addTenancy, addUser, numberEverything } from '../fixtures/source.ts';
import { hexclaveCatalog } from '../mappings/index.ts';
import { readAttention, readUnnumbered } from './attention.ts';
import { readDatabaseHistory, readPipelineHistory } from './history.ts';
import type { DatabaseStatus } from './lanes.ts';
import { sampler } from './sample.ts';
import { readSnapshot } from './snapshot.ts';
import { tenancyReader } from './tenancies.ts';

fileNeedsMigrations(['0012_status']);

const read = tenancyReader(hexclaveCatalog);
const sql = compileBacklog(hexclaveCatalog);
const sample = sampler(hexclaveCatalog);
let database: TestDatabase;
let tenancy: string;

beforeEach(async () => {
  database = await createTestDatabase();
  tenancy = await addTenancy(database.db);
  await database.db.query(
    `INSERT INTO "ExternalDatabase" ("tenancyId", "id", "connectionCiphertext", "connectionKeyId", "connectionDisplay")
     VALUES ($1, 'main', '', 'k', '{"host": "h", "port": 5432, "database": "d", "user": "u"}')`,
    [tenancy],
  );
  await streamFrom(0n);
});

afterEach(() => database.drop());

async function streamFrom(cursor: bigint): Promise<void> {
  await database.db.query(
    `INSERT INTO "ExternalDatabaseMappingState" ("tenancyId", "externalDatabaseId", "mapping", "phase", "appliedSequenceId")
     SELECT $1, 'main', m, 'stream', $2 FROM unnest(ARRAY['users', 'contact_channels', 'teams', 'team_member_profiles']) m
     ON CONFLICT ("tenancyId", "externalDatabaseId", "mapping") DO UPDATE SET "appliedSequenceId" = excluded."appliedSequenceId"`,
    [tenancy, String(cursor)],
  );
}

async function statusOf(limit = 100): Promise<DatabaseStatus> {
  const { tenancies } = await readSnapshot(database.db, (tx) => read(tx, [tenancy], { limit }));
  const [main] = tenancies.get(tenancy)?.databases ?? [];
  if (main === undefined) throw new Error('The tenancy has no database');
  return main;
}

const rowsOf = ({ mappings }: DatabaseStatus) =>
  Object.fromEntries(mappings.map(({ mapping, behind }) => [mapping, behind.rows]));

/** As if all that was done before had been done so much earlier. */
async function letPass(seconds: number): Promise<void> {
  const times = { PipelineSample: 'at', ExternalDatabaseSample: 'at', ExternalDatabaseMappingState: 'updatedAt' };
  for (const [table, time] of Object.entries(times)) {
    await database.db.query(`UPDATE "${table}" SET "${time}" = "${time}" - $1 * interval '1 second'`, [seconds]);
  }
}

describe('rows behind', () => {
  test('are rows, whether or not they have a number, and the same row is one', async () => {
    const user = await addUser(database.db, tenancy);
    await addUser(database.db, tenancy);
    await numberEverything(database.db);
    await database.db.query(`UPDATE "ProjectUser" SET "displayName" = 'again' WHERE "projectUserId" = $1`, [user]);
    await addTeam(database.db, tenancy);
    expect(rowsOf(await statusOf())).toEqual({ users: 2, contact_channels: 0, teams: 1, team_member_profiles: 0 });
  });

  test('are deleted ones too', async () => {
    const user = await addUser(database.db, tenancy);
    await numberEverything(database.db);
    const [row] = await database.db.query<{ n: bigint }>('SELECT max("sequenceId") AS n FROM "ProjectUser"');
    await streamFrom(row?.n ?? 0n);
    expect((await statusOf()).behind.rows).toBe(0);
    await database.db.query('DELETE FROM "ProjectUser" WHERE "projectUserId" = $1', [user]);
    expect(rowsOf(await statusOf())).toMatchObject({ users: 1 });
    await numberEverything(database.db);
    expect(rowsOf(await statusOf())).toMatchObject({ users: 1 });
  });

  test('are those of the tenancy alone', async () => {
    const other = await addTenancy(database.db);
    await addUser(database.db, other);
    await numberEverything(database.db);
    expect((await statusOf()).behind).toMatchObject({ rows: 0, since: null });
  });

  test('are counted up to the limit', async () => {
    for (let n = 0; n < 4; n++) await addUser(database.db, tenancy);
    await numberEverything(database.db);
    expect((await statusOf(3)).behind).toMatchObject({ rows: 3, precision: 'at_least' });
    expect((await statusOf(5)).behind).toMatchObject({ rows: 4, precision: 'exact' });
  });

  test('of what the owner has left out are not counted', async () => {
    await addUser(database.db, tenancy);
    await database.db.query(`UPDATE "ExternalDatabase" SET "tables" = '{"users": {"enabled": false}}'`);
    expect(rowsOf(await statusOf())).not.toHaveProperty('users');
  });
});

describe('the clock of the samples', () => {
  test('tells between which two a change was made, numbered or not', async () => {
    await sample(database.db);
    await letPass(60);
    await sample(database.db);
    await addUser(database.db, tenancy);
    const fresh = (await statusOf()).behind.since;
    expect(Date.now() - (fresh?.getTime() ?? 0)).toBeLessThan(50_000);
    await letPass(60);
    await sample(database.db);
    const waiting = (await statusOf()).behind.since;
    expect(Date.now() - (waiting?.getTime() ?? 0)).toBeGreaterThan(50_000);
    await letPass(60);
    await sample(database.db);
    // Its number is new, but it is not.
    await numberEverything(database.db);
    const numbered = (await statusOf()).behind.since;
    expect(Date.now() - (numbered?.getTime() ?? 0)).toBeGreaterThan(110_000);
  });

  test('is as exact while others are in the middle of a transaction', async () => {
    await sample(database.db);
    await letPass(60);
    await sample(database.db);
    await addUser(database.db, tenancy);
    const since = await database.db.transaction(async (other) => {
      // Each of the blocks is a transaction inside it with an id of its own.
      await other.query(`DO $$ BEGIN CREATE TEMP TABLE ids (n integer) ON COMMIT DROP; FOR n IN 1..20 LOOP
        BEGIN INSERT INTO ids VALUES (n); EXCEPTION WHEN unique_violation THEN NULL; END; END LOOP; END $$`);
      return (await statusOf()).behind.since;
    });
    expect(Date.now() - (since?.getTime() ?? 0)).toBeLessThan(50_000);
  });

  test('names those whose changes wait for a number', async () => {
    await sample(database.db);
    await addUser(database.db, tenancy);
    await letPass(60);
    await sample(database.db);
    await letPass(10);
    const { counts, first } = await readSnapshot(database.db, async (tx) =>
      readAttention(tx, await readUnnumbered(tx, sql), { limit: 10 }),
    );
    expect(first).toMatchObject([{ tenancyId: tenancy, state: 'behind' }]);
    expect(counts).toEqual({ failing: 0, behind: 1, paused: 0 });
  });
});

describe('samples', () => {
  test('are taken once in ten seconds, by whoever comes first', async () => {
    expect(
      await Promise.all([sample(database.db), sample(database.db)]).then((taken) => taken.filter(Boolean)),
    ).toHaveLength(1);
    // Many servers ask in vain, which has to be cheap.
    const inVain = { ...database.db, transaction: () => expect.fail('a transaction was begun') };
    expect(await sample(inVain)).toBe(false);
    await letPass(10);
    expect(await sample(database.db)).toBe(true);
  });

  test('become the charts of the last hour', async () => {
    const apply = (rows: number) =>
      database.db.query(
        `UPDATE "ExternalDatabaseMappingState" SET "rowsApplied" = "rowsApplied" + $1, "updatedAt" = now() WHERE "mapping" = 'users'`,
        [rows],
      );
    await apply(10);
    await sample(database.db);
    await letPass(30);
    await apply(300);
    await sample(database.db);
    const points = await readSnapshot(database.db, (tx) => readDatabaseHistory(tx, tenancy, null));
    const rates = points.get('main')?.map(({ mappings }) => mappings.users?.perSecond ?? -1) ?? [];
    expect(rates).toHaveLength(2);
    expect(rates[1]).toBeGreaterThan(9);
    expect(rates[1]).toBeLessThanOrEqual(10);
    const [pipeline] = await readSnapshot(database.db, (tx) => readPipelineHistory(tx));
    expect(pipeline?.appliedPerSecond).toBeGreaterThan(9);
  });

  test('of an external database that rests are not taken', async () => {
    await sample(database.db);
    await letPass(30);
    await sample(database.db);
    const points = await readSnapshot(database.db, (tx) => readDatabaseHistory(tx, tenancy, 'main'));
    expect(points.get('main')).toHaveLength(1);
  });

  test('are thinned after an hour and gone after a month', async () => {
    await database.db.query(
      `INSERT INTO "PipelineSample" ("at", "nextXid", "lastNumber", "rowsPending", "rowsApplied", "requestsPending", "requestsInFlight", "oldestDueMs", "failingProjects")
       SELECT date_bin('10 minutes', now(), 'epoch') - interval '70 minutes' - n * interval '10 seconds', 0, 0, 0, 0, 0, 0, 0, 0 FROM generate_series(0, 119) n
       UNION ALL SELECT now() - interval '31 days', 0, 0, 0, 0, 0, 0, 0, 0`,
    );
    await sample(database.db);
    const [kept] = await database.db.query<{ count: bigint }>('SELECT count(*) FROM "PipelineSample"');
    expect(Number(kept?.count)).toBeLessThanOrEqual(4);
    expect(Number(kept?.count)).toBeGreaterThan(1);
  });
});

test('a copy is told by what it has written and about how much there is', async () => {
  for (let n = 0; n < 5; n++) await addUser(database.db, tenancy);
  await database.db.query(
    `UPDATE "ExternalDatabaseMappingState" SET "phase" = 'copy', "rowsCopied" = 2 WHERE "mapping" = 'users'`,
  );
  const status = await statusOf();
  expect(status).toMatchObject({ state: 'behind', freshThrough: null });
  expect(status.mappings.find(({ mapping }) => mapping === 'users')).toMatchObject({
    phase: 'copy',
    copy: { copied: 2, expected: 5 },
    behind: { rows: 3, precision: 'about' },
  });
});
