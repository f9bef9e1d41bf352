import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, type Database } from '@hexclave/db';
import { createTestDatabase, type TestDatabase, waitUntil } from '@hexclave/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addEmail, addTeam, addTenancy, addUser, numberEverything, waiting } from '../fixtures/source.ts';
import { createWaker } from '../waker.ts';
import { numberAll, runSequencer } from './sequencer.ts';

let database: TestDatabase;
let db: Database;
/** Closed before the database is dropped. */
const open: { end(): Promise<void> }[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  db = database.db;
});

afterEach(async () => {
  for (const each of open.splice(0)) await each.end();
  await database.drop();
});

/** A session of its own, for transactions that stay open. */
async function session(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connectionString });
  client.on('error', () => undefined);
  await client.connect();
  open.push(client);
  return client;
}

function sequencer(): Database {
  const own = createDatabase({ connectionString: database.connectionString, max: 1 });
  open.push(own);
  return own;
}

/** All numbers that are visible now, in order. */
async function numbers(on: Pick<Database, 'query'> = db): Promise<bigint[]> {
  const rows = await on.query<{ id: bigint }>(
    `SELECT "sequenceId" AS id FROM "ProjectUser" WHERE "sequenceId" IS NOT NULL UNION ALL SELECT "sequenceId" FROM "Team" WHERE "sequenceId" IS NOT NULL
     UNION ALL SELECT "sequenceId" FROM "ContactChannel" WHERE "sequenceId" IS NOT NULL UNION ALL SELECT "sequenceId" FROM "DeletedRow" WHERE "sequenceId" IS NOT NULL ORDER BY 1`,
  );
  return rows.map(({ id }) => id);
}

async function isBlocked(pid: number): Promise<boolean> {
  const [row] = await db.query<{ blocked: boolean }>('SELECT cardinality(pg_blocking_pids($1)) > 0 AS blocked', [pid]);
  return row?.blocked === true;
}

async function pidOf(client: pg.Client): Promise<number> {
  return (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;
}

describe('the commit order', () => {
  test('a pass whose commit is late holds up the next one: no smaller number appears after a larger one', async () => {
    const tenancy = await addTenancy(db);
    await addUser(db, tenancy);
    const [first, second] = [await session(), await session()];
    await first.query('BEGIN');
    await first.query('SELECT * FROM "backfill_null_sequence_ids"()');
    const late = await addTeam(db, tenancy);
    const pid = await pidOf(second);
    const other = second.query('SELECT * FROM "backfill_null_sequence_ids"()');
    await waitUntil(() => isBlocked(pid), { describe: 'the second pass to wait for the first' });
    expect(await numbers()).toEqual([]);
    await first.query('COMMIT');
    await other;
    const [user] = await db.query<{ id: bigint }>('SELECT "sequenceId" AS id FROM "ProjectUser"');
    const [team] = await db.query<{ id: bigint }>('SELECT "sequenceId" AS id FROM "Team" WHERE "teamId" = $1', [late]);
    expect(team?.id).toBeGreaterThan(user?.id ?? 0n);
  });

  test('a pass that is terminated in the middle has numbered nothing, and its rows are numbered again', async () => {
    const tenancy = await addTenancy(db);
    const user = await addUser(db, tenancy);
    const client = await session();
    await client.query('BEGIN');
    await client.query('SELECT * FROM "backfill_null_sequence_ids"()');
    await db.query('SELECT pg_terminate_backend($1)', [await pidOf(client)]);
    await waitUntil(async () => (await numberAll(db, 1_000)) > 0n, { describe: 'the rows to be numbered again' });
    expect(await waiting(db)).toEqual([]);
    expect(
      await db.query('SELECT "sequenceId" IS NOT NULL AS ok FROM "ProjectUser" WHERE "projectUserId" = $1', [user]),
    ).toEqual([{ ok: true }]);
  });

  test('three sequencers, transactions that overlap and commit late: a reader past N never needs a number ≤ N', async () => {
    const tenancy = await addTenancy(db);
    const stop = new AbortController();
    const failures: unknown[] = [];
    const sequencers = Array.from({ length: 3 }, () =>
      runSequencer(
        {
          db: sequencer(),
          waker: createWaker(),
          room: () => 0,
          onClaimed: () => undefined,
          onQueued: () => undefined,
          onError: (error) => failures.push(error),
        },
        stop.signal,
      ),
    );
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      const client = await session();
      for (let round = 0; round < 12; round++) {
        await client.query('BEGIN');
        await addUser({ query: async (text, values) => (await client.query(text, values as unknown[])).rows }, tenancy);
        await client.query(
          'UPDATE "ProjectUser" SET "displayName" = $1 WHERE "projectUserId" IN (SELECT "projectUserId" FROM "ProjectUser" ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)',
          [`${writer} ${round}`],
        );
        await delay((writer * 7 + round * 3) % 25);
        await client.query(round % 5 === 4 ? 'ROLLBACK' : 'COMMIT');
      }
    });
    const seen = new Set<bigint>();
    let cursor = 0n;
    let missed: bigint[] = [];
    const reader = sequencer();
    const read = async () => {
      const visible = await numbers(reader);
      missed = [...missed, ...visible.filter((id) => id <= cursor && !seen.has(id))];
      for (const id of visible) seen.add(id);
      cursor = visible.at(-1) ?? cursor;
    };
    const writing = Promise.all(writers);
    let done = false;
    void writing.finally(() => {
      done = true;
    });
    while (!done) await read();
    await writing;
    await waitUntil(async () => (await waiting(db)).length === 0, { describe: 'everything to be numbered' });
    await read();
    stop.abort();
    await Promise.all(sequencers);
    expect(failures).toEqual([]);
    expect(missed).toEqual([]);
    expect(seen.size).toBeGreaterThan(60);
    const [row] = await db.query<{ users: number; distinct: number }>(
      'SELECT count(*)::int AS users, count(DISTINCT "sequenceId")::int AS distinct FROM "ProjectUser"',
    );
    expect(row?.distinct).toBe(row?.users);
  });
});

describe('open transactions', () => {
  test('a long one delays only the rows that it has locked', async () => {
    const tenancy = await addTenancy(db);
    const [held, free] = [await addUser(db, tenancy), await addUser(db, tenancy)];
    const client = await session();
    await client.query('BEGIN');
    await client.query('UPDATE "ProjectUser" SET "displayName" = $1 WHERE "projectUserId" = $2', ['held', held]);
    expect(await numberAll(db, 1_000)).toBe(1n);
    expect(await waiting(db)).toEqual([`ProjectUser ${held}`]);
    const [row] = await db.query<{ ok: boolean }>(
      'SELECT "sequenceId" IS NOT NULL AS ok FROM "ProjectUser" WHERE "projectUserId" = $1',
      [free],
    );
    expect(row?.ok).toBe(true);
    await client.query('COMMIT');
    expect(await numberAll(db, 1_000)).toBe(1n);
    expect(await waiting(db)).toEqual([]);
  });

  test('so does a prepared transaction, which PostgreSQL allows as long as it need not wake anybody', async () => {
    const tenancy = await addTenancy(db);
    await db.query(`SELECT setval('"sequencer_sleep_state"', 1)`);
    const [held] = [await addUser(db, tenancy), await addUser(db, tenancy)];
    const client = await session();
    await client.query('BEGIN');
    await client.query('UPDATE "ProjectUser" SET "displayName" = $1 WHERE "projectUserId" = $2', ['held', held]);
    await client.query(`PREPARE TRANSACTION '${database.name}'`);
    expect(await numberAll(db, 1_000)).toBe(1n);
    await client.query(`COMMIT PREPARED '${database.name}'`);
    expect(await numberAll(db, 1_000)).toBe(1n);
    expect(await waiting(db)).toEqual([]);
  });

  test('a check of a foreign key, which locks the user, does not keep it from being numbered', async () => {
    const tenancy = await addTenancy(db);
    const user = await addUser(db, tenancy);
    const client = await session();
    await client.query('BEGIN');
    await addEmail(
      { query: async (text, values) => (await client.query(text, values as unknown[])).rows },
      tenancy,
      user,
      { isPrimary: false },
    );
    expect(await numberAll(db, 1_000)).toBe(1n);
    await client.query('COMMIT');
  });

  test('locked rows of 150 tenancies do not keep a sequencer busy', async () => {
    const tenancies = await Promise.all(Array.from({ length: 150 }, () => addTenancy(db)));
    for (const tenancy of tenancies) await addUser(db, tenancy);
    const client = await session();
    await client.query('BEGIN');
    await client.query('UPDATE "ProjectUser" SET "displayName" = \'held\'');
    const started = performance.now();
    expect(await numberAll(db, 20_000)).toBe(0n);
    expect(performance.now() - started).toBeLessThan(5_000);
    await client.query('COMMIT');
    expect(await numberAll(db, 20_000)).toBe(150n);
  });
});

describe('a row that is flagged already, and is being numbered right now', () => {
  test('is flagged again by a change of its own', async () => {
    const tenancy = await addTenancy(db);
    const user = await addUser(db, tenancy);
    const [numbering, writer] = [await session(), await session()];
    const pid = await pidOf(writer);
    await numbering.query('BEGIN');
    await numbering.query('SELECT * FROM "backfill_null_sequence_ids"()');
    const change = writer.query('UPDATE "ProjectUser" SET "displayName" = $1 WHERE "projectUserId" = $2', [
      'new',
      user,
    ]);
    await waitUntil(() => isBlocked(pid), { describe: 'the writer to wait' });
    await numbering.query('COMMIT');
    await change;
    expect(await waiting(db)).toEqual([`ProjectUser ${user}`]);
  });

  test('is flagged again by a change of its contact channel', async () => {
    const tenancy = await addTenancy(db);
    const user = await addUser(db, tenancy);
    const email = await addEmail(db, tenancy, user);
    await numberEverything(db);
    await db.query('UPDATE "ProjectUser" SET "displayName" = \'flagged\'');
    const [numbering, writer] = [await session(), await session()];
    const pid = await pidOf(writer);
    await numbering.query('BEGIN');
    await numbering.query('SELECT * FROM "backfill_null_sequence_ids"()');
    const change = writer.query('UPDATE "ContactChannel" SET "isVerified" = true WHERE "id" = $1', [email]);
    await waitUntil(() => isBlocked(pid), { describe: 'the writer to wait' });
    await numbering.query('COMMIT');
    await change;
    expect(await waiting(db)).toEqual([`ContactChannel ${email}`, `ProjectUser ${user}`]);
  });

  test('is flagged again by a contact channel whose transaction began to change it before the numbering', async () => {
    const tenancy = await addTenancy(db);
    const user = await addUser(db, tenancy);
    const email = await addEmail(db, tenancy, user);
    const writer = await session();
    await writer.query('BEGIN');
    await writer.query('UPDATE "ContactChannel" SET "isVerified" = true WHERE "id" = $1', [email]);
    expect(await numberAll(db, 1_000)).toBe(0n);
    await writer.query('COMMIT');
    expect(await waiting(db)).toEqual([`ContactChannel ${email}`, `ProjectUser ${user}`]);
  });
});

describe('many tenancies', () => {
  test('one with 50,000 changed rows does not keep 200 small ones waiting', async () => {
    const large = await addTenancy(db);
    await db.query(
      'INSERT INTO "Team" ("tenancyId", "teamId", "displayName") SELECT $1, gen_random_uuid(), n FROM generate_series(1, 50000) n',
      [large],
    );
    const small = await Promise.all(Array.from({ length: 200 }, () => addTenancy(db)));
    for (const tenancy of small) await addTeam(db, tenancy);
    let startAfter: string | null = null;
    for (let passes = 1; passes <= 8; passes++) {
      startAfter = await passAfter(startAfter);
    }
    const [left] = await db.query<{ small: number; large: number }>(
      `SELECT count(*) FILTER (WHERE "tenancyId" <> $1)::int AS small, count(*) FILTER (WHERE "tenancyId" = $1)::int AS large
       FROM "Team" WHERE "shouldUpdateSequenceId"`,
      [large],
    );
    expect(left?.small).toBe(0);
    expect(left?.large).toBeGreaterThan(40_000);
    expect(await numberAll(db, 60_000)).toBe(BigInt(left?.large ?? 0));
  });

  test('more than fit into one pass are all reached, and each gets its request', async () => {
    const tenancies = await Promise.all(Array.from({ length: 150 }, () => addTenancy(db)));
    for (const tenancy of tenancies) {
      await addUser(db, tenancy);
      await db.query(
        `INSERT INTO "ExternalDatabase" ("tenancyId", "id", "connectionCiphertext", "connectionKeyId", "connectionDisplay") VALUES ($1, 'main', '', '', '{}')`,
        [tenancy],
      );
    }
    expect(await numberAll(db, 20_000)).toBe(150n);
    const queued = await db.query<{ tenancyId: string }>('SELECT "tenancyId" FROM "OutgoingRequest" ORDER BY 1');
    expect(queued.map(({ tenancyId }) => tenancyId)).toEqual(tenancies.sort());
  });

  test('a tenancy without an external database queues nothing', async () => {
    await addUser(db, await addTenancy(db));
    await numberAll(db, 1_000);
    expect(await db.query('SELECT 1 FROM "OutgoingRequest"')).toEqual([]);
  });

  test('the number and the request come together or not at all', async () => {
    const tenancy = await addTenancy(db);
    await db.query(
      `INSERT INTO "ExternalDatabase" ("tenancyId", "id", "connectionCiphertext", "connectionKeyId", "connectionDisplay") VALUES ($1, 'main', '', '', '{}')`,
      [tenancy],
    );
    await numberAll(db, 1_000);
    await db.query('DELETE FROM "OutgoingRequest"');
    await addUser(db, tenancy);
    await db.query('ALTER TABLE "OutgoingRequest" ADD CHECK ("kind" <> \'sync\') NOT VALID');
    await expect(numberAll(db, 1_000)).rejects.toThrow();
    expect(await waiting(db)).toHaveLength(1);
    expect(await numbers()).toEqual([]);
  });
});

test('the fuse stops the numbering, and nothing is lost meanwhile', async () => {
  const user = await addUser(db, await addTenancy(db));
  await db.query('UPDATE "ExternalDbSyncMetadata" SET "sequencerEnabled" = false');
  expect(await numberAll(db, 1_000)).toBe(0n);
  expect(await waiting(db)).toEqual([`ProjectUser ${user}`]);
  await db.query('UPDATE "ExternalDbSyncMetadata" SET "sequencerEnabled" = true');
  expect(await numberAll(db, 1_000)).toBe(1n);
});

test('numbers beyond 2^53 are exact', async () => {
  await db.query(`SELECT setval('"global_seq_id"', 9007199254740991)`);
  const tenancy = await addTenancy(db);
  for (let count = 0; count < 3; count++) await addUser(db, tenancy);
  await numberAll(db, 1_000);
  expect(await numbers()).toEqual([9007199254740992n, 9007199254740993n, 9007199254740994n]);
});

async function passAfter(startAfter: string | null): Promise<string | null> {
  const [pass] = await db.query<{ last: string | null }>(
    'SELECT "last_tenancy" AS last FROM "backfill_null_sequence_ids"(1000, $1)',
    [startAfter],
  );
  return pass?.last ?? null;
}
