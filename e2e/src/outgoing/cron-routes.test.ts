import { DEMO_PROJECT_ID } from '@hexclave/server';
import { createEmptyDatabase, waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  CRON_SECRET,
  configure,
  createWorld,
  type SyncServer,
  seedKeys,
  startSyncServer,
  type World,
} from './server.ts';

let world: World;
let server: SyncServer;

beforeEach(async () => {
  world = await createWorld();
  server = await startSyncServer(world.internal, () => ({ runLoops: false }));
});
afterEach(async () => {
  await server.stop();
  await world.drop();
});

const AUTHORIZED = { authorization: `Bearer ${CRON_SECRET}` };

async function call(path: string, headers: Record<string, string> = AUTHORIZED) {
  const answer = await server.get(path, headers);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown>, headers: answer.headers };
}

describe('where no loops run', () => {
  test('the cron routes do all the work', async () => {
    await world.addTeams(1_500);
    expect(await call('sequencer')).toMatchObject({ status: 200, body: { numbered: 1_500 } });
    expect(await world.teamsInCopy()).toBe(0);
    expect(await call('poller?maxDurationMs=20000')).toMatchObject({ status: 200, body: { delivered: 1 } });
    expect(await world.teamsInCopy()).toBe(1_500);
    expect((await call('sequencer')).body).toEqual({ numbered: 0 });
    expect((await call('poller')).body).toEqual({ delivered: 0 });
  });

  test('what is old is forgotten', async () => {
    const { db } = world.internal;
    const { tenancyId } = world;
    await db.query(
      `INSERT INTO "ChangeOrigin" ("tenancyId", "traceparent", "createdAt")
       VALUES ($1, 'of yesterday', now() - interval '1 day'), ($1, 'of just now', now())`,
      [tenancyId],
    );
    expect((await call('sequencer')).status).toBe(200);
    expect(await db.query('SELECT "traceparent" FROM "ChangeOrigin"')).toEqual([{ traceparent: 'of just now' }]);
  });

  test('any number of them may run at once', async () => {
    await world.addTeams(500);
    const sequencers = await Promise.all([call('sequencer'), call('sequencer'), call('sequencer')]);
    const numbered = sequencers.reduce((sum, { body }) => sum + Number(body.numbered), 0);
    expect(numbered).toBe(500);
    const pollers = await Promise.all([call('poller'), call('poller'), call('poller')]);
    expect(pollers.every(({ status }) => status === 200)).toBe(true);
    expect(await world.teamsInCopy()).toBe(500);
  });

  test('a poll ends when its time is up', async () => {
    await world.addTeams(1);
    await call('sequencer');
    const holder = world.target.db.transaction(async (tx) => {
      await tx.query('CREATE SCHEMA hexclave');
      const startedAt = performance.now();
      expect((await call('poller?maxDurationMs=500')).status).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      throw new Error('rolled back');
    });
    await expect(holder).rejects.toThrow('rolled back');
  });

  test('each fuse stops its stage', async () => {
    const { db } = world.internal;
    const setFuse = (name: string, on: boolean) => db.query(`UPDATE "ExternalDbSyncMetadata" SET "${name}" = $1`, [on]);
    await world.addTeams(3);
    await setFuse('sequencerEnabled', false);
    expect((await call('sequencer')).body).toEqual({ numbered: 0 });
    await setFuse('sequencerEnabled', true);
    expect((await call('sequencer')).body).toEqual({ numbered: 3 });
    for (const fuse of ['pollerEnabled', 'outgoingRequestsEnabled', 'syncEngineEnabled']) {
      await setFuse(fuse, false);
      expect((await call('poller')).body).toEqual({ delivered: 0 });
      await setFuse(fuse, true);
    }
    await call('poller');
    expect(await world.teamsInCopy()).toBe(3);
  });
});

describe('the cron routes refuse', () => {
  test.each([
    ['no secret', {}],
    ['a wrong one', { authorization: `Bearer ${CRON_SECRET}x` }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['one of another scheme', { authorization: `Basic ${CRON_SECRET}` }],
    ['the secret without a scheme', { authorization: CRON_SECRET }],
  ])('%s', async (_, headers) => {
    await world.addTeams(1);
    for (const path of ['sequencer', 'poller']) {
      const answer = await call(path, headers);
      expect(answer).toMatchObject({ status: 401, body: { code: 'INVALID_CRON_SECRET' } });
      expect(answer.headers.get('x-hexclave-known-error')).toBe('INVALID_CRON_SECRET');
    }
    expect(await world.internal.db.query('SELECT 1 FROM "Team" WHERE "sequenceId" IS NOT NULL')).toEqual([]);
  });

  test.each(['0', '-1', '300001', '1.5', 'soon', ''])('maxDurationMs=%s', async (value) => {
    expect(await call(`poller?maxDurationMs=${value}`)).toMatchObject({ status: 400, body: { code: 'SCHEMA_ERROR' } });
  });

  test('other methods and unknown fields', async () => {
    const posted = await fetch(`${server.url}/api/v1/internal/external-db-sync/poller`, { method: 'POST' });
    expect(posted.status).toBe(405);
    expect((await call('poller?limit=1')).status).toBe(400);
  });
});

describe('a project’s admin', () => {
  async function enqueue(headers: Record<string, string>) {
    const answer = await fetch(`${server.url}/api/latest/internal/external-db-sync/enqueue`, {
      method: 'POST',
      headers,
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  test('has the project synced at once, whatever waits for its next attempt, and nobody else’s', async () => {
    const { db } = world.internal;
    const { demo } = await seedKeys(world.internal);
    const admin = {
      'x-hexclave-access-type': 'admin',
      'x-hexclave-project-id': DEMO_PROJECT_ID,
      'x-hexclave-super-secret-admin-key': demo.superSecretAdminKey,
    };
    await db.query('DELETE FROM "OutgoingRequest"');
    expect(await enqueue(admin)).toEqual({ status: 200, body: { queued: false } });
    const [tenancy] = await db.query<{ id: string }>('SELECT "id" FROM "Tenancy" WHERE "projectId" = $1', [
      DEMO_PROJECT_ID,
    ]);
    const own = await createEmptyDatabase();
    await configure(world.internal, tenancy?.id ?? '', 'main', own.connectionString);
    await db.query(
      `INSERT INTO "ExternalDatabaseState" ("tenancyId", "externalDatabaseId", "errorCode", "attempts", "nextAttemptAt")
       VALUES ($1, 'main', 'TARGET_UNREACHABLE', 5, now() + interval '5 minutes')`,
      [tenancy?.id],
    );
    expect(await enqueue(admin)).toEqual({ status: 200, body: { queued: true } });
    expect(await db.query('SELECT "tenancyId" FROM "OutgoingRequest"')).toEqual([{ tenancyId: tenancy?.id }]);
    await call('sequencer');
    await call('poller');
    const [state] = await db.query(
      'SELECT "lastSucceededAt" IS NOT NULL AS ok FROM "ExternalDatabaseState" WHERE "tenancyId" = $1',
      [tenancy?.id],
    );
    expect(state).toEqual({ ok: true });
  });

  test('is the only one who may', async () => {
    const { demo } = await seedKeys(world.internal);
    const server = {
      'x-hexclave-access-type': 'server',
      'x-hexclave-project-id': DEMO_PROJECT_ID,
      'x-hexclave-secret-server-key': demo.secretServerKey,
    };
    expect(await enqueue(server)).toMatchObject({ status: 401, body: { code: 'INSUFFICIENT_ACCESS_TYPE' } });
    expect((await enqueue({})).status).toBe(400);
  });
});

test('the routes are in the OpenAPI document, with the errors they answer with', async () => {
  const document = (await (await fetch(`${server.url}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { responses: object; security: object[] }>>;
  };
  for (const [path, method, code] of [
    ['sequencer', 'get', 'INVALID_CRON_SECRET'],
    ['poller', 'get', 'INVALID_CRON_SECRET'],
    ['sync-engine', 'post', 'INVALID_REQUEST_SIGNATURE'],
    ['enqueue', 'post', 'INSUFFICIENT_ACCESS_TYPE'],
  ] as const) {
    const operation = document.paths[`/internal/external-db-sync/${path}`]?.[method];
    expect(JSON.stringify(operation?.responses)).toContain(code);
    expect(operation?.security).not.toEqual([]);
  }
});

test('a database that cannot be reached is logged by its code, without connection or driver message', async () => {
  const { db } = world.internal;
  const dead = new URL(world.target.connectionString);
  dead.password = 'c4n4ry';
  dead.pathname = '/no_such_database';
  await configure(world.internal, world.tenancyId, 'dead', dead.href);
  await world.addTeams(1);
  await call('sequencer');
  await call('poller');
  await waitUntil(() => server.logs().includes('external database failed'), { describe: 'the failure to be logged' });
  expect(server.logs()).toContain(world.tenancyId);
  expect(server.logs()).toMatch(/"code":"TARGET_[A-Z_]+","sql_state":"(3D000|28[0P]\d\d)"/);
  expect(server.logs()).not.toContain('c4n4ry');
  expect(server.logs()).not.toContain('no_such_database');
  expect(await world.teamsInCopy()).toBe(1);
  expect(await db.query(`SELECT 1 FROM "OutgoingRequest" WHERE "externalDatabaseId" = 'dead'`)).toHaveLength(1);
});
