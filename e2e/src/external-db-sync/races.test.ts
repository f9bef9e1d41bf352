import { randomUUID } from 'node:crypto';
import { SEQUENCER_LOCK_KEY } from '@hexclave/sync';
import { waitUntil } from '@hexclave/testing';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { succeed } from '../support/api-client.ts';
import { addUser, addUsers, removeUser, rename } from '../sync/rows.ts';
import { regressions, watchVersions } from '../sync/versions.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import type { ExternalDatabase, Project } from './support/project.ts';
import { holdLock, openSession, untilBlocked } from './support/sessions.ts';

let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 3 });
  // The fourth drives nothing by itself: its engine is called.
  await hexclave.startServer({ runLoops: false });
});

afterAll(() => hexclave.close());

beforeEach(async () => {
  project = await hexclave.createProject();
  external = await project.addExternalDatabase();
  await project.converged(external);
});

const names = async () => {
  const rows = await external.database.db.query<{ name: string }>(
    'SELECT display_name AS name FROM hexclave.users ORDER BY 1',
  );
  return rows.map(({ name }) => name);
};

const createUser = async (name: string): Promise<string> =>
  (await succeed(project.api.post('/users', { display_name: name }))).id;

/** A session on the internal database, as somebody with SQL would have it. */
async function writer(): Promise<{ session: pg.Client; tx: Parameters<typeof addUser>[0] }> {
  const session = await openSession(hexclave.connectionString);
  await session.query('BEGIN');
  return { session, tx: { query: async (text, values) => (await session.query(text, values as unknown[])).rows } };
}

describe('several at once, provably:', () => {
  test('three sequencers of three processes, and as many cron calls, number in turn', async () => {
    const lock = await holdLock(hexclave.connectionString, `SELECT pg_advisory_xact_lock(${SEQUENCER_LOCK_KEY})`);
    const users = await Promise.all(Array.from({ length: 30 }, (_, n) => createUser(`user ${n}`)));
    await untilBlocked(hexclave.db, 3);
    const calls = hexclave.servers.slice(0, 3).map((server) => hexclave.cron(server, 'sequencer'));
    await untilBlocked(hexclave.db, 6);
    await Promise.all(users.slice(0, 10).map((id) => succeed(project.api.delete(`/users/${id}`))));
    await lock.release();
    const numbered = (await Promise.all(calls)).map(({ status }) => status);
    expect(numbered).toEqual([200, 200, 200]);
    await project.converged(external);
    expect(await names()).toHaveLength(20);
    const [ids] = await hexclave.db.query<{ rows: number; distinct: number }>(
      `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS distinct FROM (
         SELECT "sequenceId" AS id FROM "ProjectUser" UNION ALL SELECT "sequenceId" FROM "DeletedRow") s WHERE id IS NOT NULL`,
    );
    expect(ids?.distinct).toBe(ids?.rows);
  });

  test('four engines of four processes on one external database: older rows never replace newer ones', async () => {
    const user = await createUser('v0');
    await project.converged(external);
    await project.settled();
    await watchVersions(external.database.db);
    const lock = await holdLock(
      external.database.connectionString,
      'SELECT 1 FROM hexclave._hexclave_sync_metadata FOR UPDATE',
    );
    const calls: Promise<{ status: number }>[] = [];
    for (const [index, server] of [...hexclave.servers].entries()) {
      // Each engine has read another version before it comes to the lock.
      await numberedAfter(() => succeed(project.api.patch(`/users/${user}`, { display_name: `v${index + 1}` })), user);
      calls.push(hexclave.callEngine(server, project.tenancyId));
      await untilBlocked(external.database.db, index + 1);
    }
    await lock.release();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await project.converged(external);
    expect(await names()).toEqual(['v4']);
    expect(await regressions(external.database.db)).toEqual([]);
  });

  test('loops, cron routes, signed calls and on-demand syncs hammered while rows come, change and go', async () => {
    await watchVersions(external.database.db);
    let writing = true;
    const hammers = [...hexclave.servers].flatMap((server) => [
      hammer(() => hexclave.cron(server, 'sequencer', 1_000)),
      hammer(() => hexclave.cron(server, 'poller', 1_000)),
      hammer(() => hexclave.callEngine(server, project.tenancyId)),
      hammer(() => project.admin.post('/internal/external-db-sync/enqueue')),
    ]);
    async function hammer(call: () => Promise<{ status: number }>): Promise<Set<number>> {
      const statuses = new Set<number>();
      while (writing) statuses.add((await call()).status);
      return statuses;
    }
    await Promise.all(Array.from({ length: 6 }, (_, seed) => write(seed)));
    writing = false;
    for (const statuses of await Promise.all(hammers)) expect([...statuses]).toEqual([200]);
    await project.converged(external);
    expect(await regressions(external.database.db)).toEqual([]);
    expect((await names()).length).toBeGreaterThan(20);
  });
});

/** Changes of one writer, by the API and by SQL in turn; versions of a row only grow. */
async function write(seed: number): Promise<void> {
  const own = Array.from({ length: 6 }, () => randomUUID());
  const { db } = hexclave;
  for (const id of own) await addUser(db, project.tenancyId, { id, name: 'v0' });
  for (let version = 1; version <= 15; version++) {
    const id = own[(version + seed) % own.length] as string;
    if (version % 5 === 0) {
      await db.transaction(async (tx) => {
        await removeUser(tx, id);
        await addUser(tx, project.tenancyId, { id, name: `v${version}` });
      });
    } else if (version % 7 === 0) {
      await succeed(project.api.delete(`/users/${id}`));
      await addUser(db, project.tenancyId, { id, name: `v${version}` });
    } else {
      await succeed(project.api.patch(`/users/${id}`, { display_name: `v${version}` }));
    }
  }
  await removeUser(db, own[0] as string);
}

/** Makes a change and waits until its row has got its number. */
async function numberedAfter(change: () => Promise<unknown>, user: string): Promise<void> {
  const number = async () => {
    const [row] = await hexclave.db.query<{ id: bigint | null; flagged: boolean }>(
      'SELECT "sequenceId" AS id, "shouldUpdateSequenceId" AS flagged FROM "ProjectUser" WHERE "projectUserId" = $1',
      [user],
    );
    return row;
  };
  const before = (await number())?.id ?? 0n;
  await change();
  await waitUntil(
    async () => {
      const now = await number();
      return now?.flagged === false && (now.id ?? 0n) > before;
    },
    { describe: 'the change to be numbered' },
  );
}

describe('transactions that commit late', () => {
  test('arrive although later ones were synced long before, in whatever order they commit', async () => {
    const late = await Promise.all(Array.from({ length: 4 }, () => writer()));
    for (const [index, { tx }] of late.entries()) await addUser(tx, project.tenancyId, { name: `late ${index}` });
    await Promise.all(Array.from({ length: 60 }, (_, n) => createUser(`early ${String(n).padStart(2, '0')}`)));
    await project.converged(external);
    expect(await names()).toHaveLength(60);

    for (const index of [2, 0, 3, 1]) {
      await late[index]?.session.query('COMMIT');
      await createUser(`after ${index}`);
      await project.converged(external);
      expect(await names()).toContain(`late ${index}`);
    }
    expect(await names()).toHaveLength(68);
  });

  test('arrive with their changes and deletes of rows that are there already', async () => {
    const [changed, removed, kept] = [await createUser('old'), await createUser('removed'), await createUser('kept')];
    await project.converged(external);
    const { session, tx } = await writer();
    await rename(tx, changed, 'new');
    await removeUser(tx, removed);
    await addUser(tx, project.tenancyId, { name: 'added' });
    await succeed(project.api.patch(`/users/${kept}`, { display_name: 'kept and changed' }));
    await project.converged(external);
    // Only its own rows wait: nothing of it is visible anywhere, and nobody else is held up.
    expect(await names()).toEqual(['kept and changed', 'old', 'removed']);
    await session.query('COMMIT');
    await project.converged(external);
    expect(await names()).toEqual(['added', 'kept and changed', 'new']);
  });

  test('leave nothing behind when they roll back', async () => {
    const kept = await createUser('kept');
    const { session, tx } = await writer();
    await addUser(tx, project.tenancyId, { name: 'never' });
    await removeUser(tx, kept);
    await createUser('other');
    await project.converged(external);
    await session.query('ROLLBACK');
    await project.settled();
    await project.converged(external);
    expect(await names()).toEqual(['kept', 'other']);
  });

  test('hold a first copy neither up nor from being complete', async () => {
    const [inCopy, { session, tx }] = [await createUser('old'), await writer()];
    await addUser(tx, project.tenancyId, { name: 'late' });
    await rename(tx, inCopy, 'new');
    const second = await project.addExternalDatabase({ id: 'second' });
    await project.converged(second);
    await session.query('COMMIT');
    await project.converged(second);
    const rows = await second.database.db.query('SELECT display_name AS name FROM hexclave.users ORDER BY 1');
    expect(rows).toEqual([{ name: 'late' }, { name: 'new' }]);
  });
});

describe('deletes at a boundary:', () => {
  // Pages have 250 rows, and the first batch in bulk 2,000.
  test.each([249, 250, 251, 2_000, 2_001])('%i at once, with survivors on both sides', async (count) => {
    await addUsers(hexclave.db, project.tenancyId, count + 20);
    await project.converged(external);
    // Survivors change in the same transaction, numbered before and after the tombstones.
    await hexclave.db.transaction(async (tx) => {
      const survivors = `UPDATE "ProjectUser" SET "displayName" = 'survivor' WHERE "tenancyId" = $1 AND ("clientMetadata" ->> 'n')::int`;
      await tx.query(`${survivors} <= 10`, [project.tenancyId]);
      await tx.query(
        `DELETE FROM "ProjectUser" WHERE "tenancyId" = $1 AND ("clientMetadata" ->> 'n')::int BETWEEN 11 AND $2 + 10`,
        [project.tenancyId, count],
      );
      await tx.query(`${survivors} > $2 + 10`, [project.tenancyId, count]);
    });
    await project.converged(external);
    expect(await names()).toEqual(Array.from({ length: 20 }, () => 'survivor'));
  });
});

describe('one key in one transaction', () => {
  test('deleted and created again ends present, every time', async () => {
    const keys = Array.from({ length: 25 }, () => randomUUID());
    for (const id of keys) await addUser(hexclave.db, project.tenancyId, { id, name: 'first' });
    await project.converged(external);
    for (let round = 1; round <= 4; round++) {
      await Promise.all(
        keys.map((id) =>
          hexclave.db.transaction(async (tx) => {
            await removeUser(tx, id);
            await addUser(tx, project.tenancyId, { id, name: `round ${round}` });
          }),
        ),
      );
    }
    await project.converged(external);
    expect(await names()).toEqual(keys.map(() => 'round 4'));
  });

  test('does so too when there are more of them than fit a page', async () => {
    const keys = Array.from({ length: 1_500 }, () => randomUUID());
    const insert = `INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName") SELECT $1, unnest($2::uuid[]), $3`;
    await hexclave.db.query(insert, [project.tenancyId, keys, 'first']);
    await project.converged(external);
    await hexclave.db.transaction(async (tx) => {
      await tx.query('DELETE FROM "ProjectUser" WHERE "tenancyId" = $1', [project.tenancyId]);
      await tx.query(insert, [project.tenancyId, keys.slice(0, 1_000), 'second']);
    });
    await project.settled();
    await project.converged(external);
    expect(await names()).toEqual(Array.from({ length: 1_000 }, () => 'second'));
  });

  test('stays present when its tombstone is numbered long after it lives again', async () => {
    const id = await createUser('first');
    await project.converged(external);
    const numbering = await holdLock(hexclave.connectionString, `SELECT pg_advisory_xact_lock(${SEQUENCER_LOCK_KEY})`);
    await hexclave.db.transaction(async (tx) => {
      await removeUser(tx, id);
      await addUser(tx, project.tenancyId, { id, name: 'second' });
    });
    // Locked rows are passed over by the sequencers.
    const tombstone = await holdLock(
      hexclave.connectionString,
      `SELECT 1 FROM "DeletedRow" WHERE "tenancyId" = '${project.tenancyId}' FOR UPDATE`,
    );
    await numbering.release();
    await project.converged(external);
    expect(await names()).toEqual(['second']);
    await tombstone.release();
    await project.settled();
    await project.converged(external);
    expect(await names()).toEqual(['second']);
  });

  test('created and deleted ends absent, and so does created, deleted, created and deleted', async () => {
    const id = randomUUID();
    await hexclave.db.transaction(async (tx) => {
      for (let round = 0; round < 2; round++) {
        await addUser(tx, project.tenancyId, { id, name: 'never' });
        await removeUser(tx, id);
      }
    });
    await createUser('other');
    await project.settled();
    await project.converged(external);
    expect(await names()).toEqual(['other']);
  });
});
