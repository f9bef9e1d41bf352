import type { Database, Queryable } from '@hexclave/db';
import { createTestDatabase, type TestDatabase, waitUntil } from '@hexclave/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimRequests } from './claim.ts';
import { addTenancy, blockedStatements, claimAll, claimOne, expireLeases, queued } from './fixtures/queue.ts';
import { enqueueRequest, enqueueSync } from './queue.ts';
import { completeRequest, failRequest, isClaimed, releaseRequest, settleRequest } from './settle.ts';

let database: TestDatabase;
let open: pg.Client[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(open.map((client) => client.end()));
  open = [];
  await database.drop();
});

/** A connection of its own, for transactions that stay open. */
async function session(): Promise<Queryable> {
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  open.push(client);
  return { query: async (text, values) => (await client.query(text, values as unknown[])).rows };
}

const FAILURE = { code: 'TEST', message: 'It failed.' };
const URL = 'https://example.com/hook';

describe('claims', () => {
  test('a request is claimed once, and gone when completed', async () => {
    const { db } = database;
    await enqueueSync(db, await addTenancy(db));
    const claims = await Promise.all([claimAll(db), claimAll(db), claimAll(db)]);
    const [request] = claims.flat();
    expect(claims.flat()).toHaveLength(1);
    if (request !== undefined) await completeRequest(db, request);
    expect(await queued(db)).toEqual([]);
  });

  test('what has no key is completed by one statement: no other one can wait for it', async () => {
    const { db } = database;
    await enqueueRequest(db, { url: URL });
    const request = await claimOne(db);
    const sent: number[] = [];
    const counting: Database = {
      ...db,
      queryTogether: (statements) => {
        sent.push(statements.length);
        return db.queryTogether(statements);
      },
    };
    expect(await completeRequest(counting, request)).toBe(false);
    expect(sent).toEqual([1]);
    expect(await queued(db)).toEqual([]);
  });

  test('poller killed after claim: the request is taken over after the lease, and the late one changes nothing', async () => {
    const { db } = database;
    await enqueueSync(db, await addTenancy(db));
    const lost = await claimOne(db);
    expect(await claimAll(db)).toEqual([]);
    await expireLeases(db);
    const takenOver = await claimOne(db);
    expect(takenOver.id).toBe(lost.id);
    expect(takenOver.claimToken).not.toBe(lost.claimToken);
    await completeRequest(db, lost);
    await releaseRequest(db, lost, 0);
    await failRequest(db, lost, { ...FAILURE, permanent: true });
    expect(await isClaimed(db, lost)).toBe(false);
    expect(await isClaimed(db, takenOver)).toBe(true);
    expect(await queued(db)).toMatchObject([{ state: 'claimed', attempts: 0 }]);
  });

  test('one of the same key that is queued meanwhile waits for the one under way', async () => {
    const { db } = database;
    const tenancy = await addTenancy(db);
    await enqueueSync(db, tenancy);
    const first = await claimOne(db);
    await enqueueSync(db, tenancy);
    await enqueueSync(db, tenancy);
    expect(await claimAll(db)).toEqual([]);
    // A dead one keeps its key as well, until somebody has taken it over and finished it.
    await expireLeases(db);
    const takenOver = await claimOne(db);
    expect(takenOver.id).toBe(first.id);
    await completeRequest(db, takenOver);
    expect((await claimOne(db)).id).not.toBe(first.id);
  });

  test('a sequencer that is about to commit: its request is not claimed before, and not missed after', async () => {
    const { db } = database;
    const tenancy = await addTenancy(db);
    await enqueueSync(db, tenancy);
    const sequencer = await session();
    await sequencer.query('BEGIN');
    await sequencer.query('SELECT "enqueue_tenant_sync"(ARRAY[$1::uuid])', [tenancy]);
    expect(await claimAll(db)).toEqual([]);
    await sequencer.query('COMMIT');
    expect((await claimOne(db)).tenancyId).toBe(tenancy);
  });

  test('a claim that is about to commit: the sequencer queues another one', async () => {
    const { db } = database;
    const tenancy = await addTenancy(db);
    await enqueueSync(db, tenancy);
    const poller = await session();
    await poller.query('BEGIN');
    const room = { sync: 1, http: 1, retry: 1, flow: 1 };
    const { requests } = await claimRequests({ queryPrepared: poller.query }, room);
    expect(requests).toHaveLength(1);
    const enqueued = db.query('SELECT "enqueue_tenant_sync"(ARRAY[$1::uuid])', [tenancy]);
    await waitUntil(async () => (await blockedStatements(db)) === 1, {
      describe: 'the sequencer to wait for the claim',
    });
    await poller.query('COMMIT');
    await enqueued;
    expect((await queued(db)).map(({ state }) => state)).toEqual(['claimed', 'waiting']);
  });

  test('each fuse holds back what it is for', async () => {
    const { db } = database;
    await enqueueSync(db, await addTenancy(db));
    await enqueueRequest(db, { url: URL });
    await enqueueRequest(db, { url: URL, flowControl: { key: 'k', parallelism: 1 } });
    const setFuse = (name: string, on: boolean) =>
      db.query(`UPDATE "ExternalDbSyncMetadata" SET ${pg.escapeIdentifier(name)} = $1`, [on]);
    for (const fuse of ['pollerEnabled', 'outgoingRequestsEnabled']) {
      await setFuse(fuse, false);
      expect(await claimAll(db)).toEqual([]);
      await setFuse(fuse, true);
    }
    await setFuse('syncEngineEnabled', false);
    expect((await claimAll(db)).map(({ kind }) => kind)).toEqual(['http', 'http']);
    await expireLeases(db);
    await setFuse('pollerEnabled', false);
    expect(await claimAll(db)).toEqual([]);
    await setFuse('pollerEnabled', true);
    await setFuse('syncEngineEnabled', true);
    expect(await claimAll(db)).toHaveLength(3);
  });

  test('10,000 waiting requests: a claim reads only what it takes', async () => {
    const { db } = database;
    await db.query(
      `INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "deduplicationKey") SELECT 'sync', gen_random_uuid(), 'sync:' || n FROM generate_series(1, 10000) n`,
    );
    await db.query(
      `INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "externalDatabaseId", "deduplicationKey") SELECT 'sync', gen_random_uuid(), 'main', 'retry:' || n FROM generate_series(1, 10000) n`,
    );
    await db.query('ANALYZE "OutgoingRequest"');
    const { requests } = await claimRequests(db, { sync: 16, http: 16, retry: 8, flow: 16 });
    expect(requests.filter(({ externalDatabaseId }) => externalDatabaseId === null)).toHaveLength(16);
    expect(requests).toHaveLength(24);
    const [usage] = await db.query<{ scans: bigint }>(
      `SELECT COALESCE(sum(s.seq_tup_read), 0)::int8 AS scans FROM pg_stat_xact_user_tables s WHERE s.relname = 'OutgoingRequest'`,
    );
    expect(usage?.scans).toBe(0n);
  });
});

describe('flow control', () => {
  test('no more than allowed are under way, however many claim at once', async () => {
    const { db } = database;
    for (let index = 0; index < 12; index++) {
      await enqueueRequest(db, { url: URL, flowControl: { key: 'slow', parallelism: 3 } });
      await enqueueRequest(db, { url: URL, flowControl: { key: `other ${index}`, parallelism: 1 } });
    }
    const claimed = (await Promise.all(Array.from({ length: 8 }, () => claimAll(db)))).flat();
    const slow = claimed.filter(({ flowControlKey }) => flowControlKey === 'slow');
    expect(slow).toHaveLength(3);
    expect(claimed).toHaveLength(15);
    if (slow[0] !== undefined) await completeRequest(db, slow[0]);
    expect(await claimAll(db)).toHaveLength(1);
    // Those that died keep their places until they are taken over.
    await expireLeases(db);
    expect(await claimAll(db)).toHaveLength(15);
    expect(await claimAll(db)).toEqual([]);
  });
});

describe('failures', () => {
  test('are counted, and tried again after a back-off', async () => {
    const { db } = database;
    await enqueueSync(db, await addTenancy(db));
    await failRequest(db, await claimOne(db), FAILURE);
    const [row] = await queued(db);
    expect(row).toMatchObject({ state: 'waiting', attempts: 1, code: 'TEST' });
    expect(row?.delayMs).toBeGreaterThan(300);
    expect(await claimAll(db)).toEqual([]);
  });

  test('new changes do not shorten the back-off, whether they come before or after the failure', async () => {
    const { db } = database;
    const tenancy = await addTenancy(db);
    await enqueueSync(db, tenancy);
    const request = await claimOne(db);
    await enqueueSync(db, tenancy);
    await failRequest(db, request, { ...FAILURE, retryAfterMs: 30_000 });
    await enqueueSync(db, tenancy);
    const rows = await queued(db);
    expect(rows).toMatchObject([{ state: 'waiting', attempts: 1, code: 'TEST' }]);
    expect(rows[0]?.id).not.toBe(request.id);
    expect(rows[0]?.delayMs).toBeGreaterThan(25_000);
  });

  test('given up after the last attempt, or at once when it is for good: kept, and in nobody’s way', async () => {
    const { db } = database;
    await enqueueRequest(db, { url: URL, deduplicationKey: 'key', maxAttempts: 1 });
    await failRequest(db, await claimOne(db), FAILURE);
    await enqueueRequest(db, { url: URL, deduplicationKey: 'key' });
    await failRequest(db, await claimOne(db), { ...FAILURE, permanent: true });
    await enqueueRequest(db, { url: URL, deduplicationKey: 'key' });
    await claimOne(db);
    expect((await queued(db)).map(({ state }) => state)).toEqual(['failed', 'failed', 'claimed']);
  });

  test('a request of the same key that is committed during the release does the work', async () => {
    const { db } = database;
    const tenancy = await addTenancy(db);
    await enqueueSync(db, tenancy);
    const request = await claimOne(db);
    const sequencer = await session();
    await sequencer.query('BEGIN');
    await sequencer.query('SELECT "enqueue_tenant_sync"(ARRAY[$1::uuid])', [tenancy]);
    const released = releaseRequest(db, request, 0);
    await waitUntil(async () => (await blockedStatements(db)) === 1, { describe: 'the release to wait' });
    await sequencer.query('COMMIT');
    await released;
    expect((await queued(db)).map(({ state }) => state)).toEqual(['waiting']);
    expect((await claimOne(db)).id).not.toBe(request.id);
  });

  test('a request that was handed over is taken back when nobody settles it', async () => {
    const { db } = database;
    await enqueueSync(db, await addTenancy(db));
    const request = await claimOne(db);
    await settleRequest(db, request, { kind: 'handed-over', leaseMs: 1 });
    const again = await waitUntil(async () => (await claimAll(db))[0], { describe: 'the lease to run out' });
    expect(again?.id).toBe(request.id);
  });
});

describe('queueing', () => {
  test('a waiting request of the same key makes a second one unnecessary', async () => {
    const { db } = database;
    const first = await enqueueRequest(db, { url: URL, body: 'one', deduplicationKey: 'key' });
    expect(await enqueueRequest(db, { url: URL, body: 'two', deduplicationKey: 'key' })).toBe(first);
    expect(await claimOne(db)).toMatchObject({ id: first, body: 'one' });
  });

  test('a request is queued only if its transaction commits', async () => {
    const { db } = database;
    const broken = db.transaction(async (tx) => {
      await enqueueRequest(tx, { url: URL });
      throw new Error('the change failed');
    });
    await expect(broken).rejects.toThrow('the change failed');
    expect(await queued(db)).toEqual([]);
  });

  test.each([
    ['a URL of another kind', { url: 'file:///etc/passwd' }],
    ['a URL with a password', { url: 'https://user:s3cret@example.com' }],
    ['a header with a line break', { url: URL, headers: { 'x-token': 's3cret\r\nhost: evil' } }],
    ['a header that only the transport sets', { url: URL, headers: { Host: 's3cret' } }],
    ['a GET with a body', { url: URL, method: 'GET' as const, body: 's3cret' }],
    ['a flow control that lets nothing through', { url: URL, flowControl: { key: 'k', parallelism: 0 } }],
    ['a NUL in the body', { url: URL, body: 's3cret\0' }],
  ])('refuses %s, without repeating its values', async (_, request) => {
    const error = await enqueueRequest(database.db, request).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'OUTGOING_REQUEST_INVALID' });
    expect(String(error)).not.toContain('s3cret');
    expect(await queued(database.db)).toEqual([]);
  });
});
