import { randomUUID } from 'node:crypto';
import { SIGNATURE_HEADERS, sign } from '@hexclave/sync';
import { waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWorld, SIGNING_SECRET, type SyncServer, startSyncServer, type World } from './server.ts';

let world: World;
let servers: SyncServer[] = [];

beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
  await world.drop();
});

async function start(...args: Parameters<typeof startSyncServer> extends [unknown, ...infer Rest] ? Rest : never) {
  const server = await startSyncServer(world.internal, ...args);
  servers.push(server);
  return server;
}

type Changes = {
  secret?: string;
  timestamp?: string;
  requestId?: string;
  path?: string;
  body?: string;
  without?: string;
};

/** A request as a poller sends it; with `changes`, as somebody else would. */
function sendSigned(engine: SyncServer, changes: Changes = {}, signedBody = bodyOf(changes)): Promise<Response> {
  const timestamp = changes.timestamp ?? String(Math.floor(Date.now() / 1_000));
  const requestId = changes.requestId ?? JSON.parse(signedBody).requestId;
  const path = changes.path ?? new URL(engine.syncEngineUrl).pathname;
  const parts = { timestamp, requestId, method: 'POST', path, body: signedBody };
  const headers = new Headers({
    'content-type': 'application/json',
    [SIGNATURE_HEADERS.signature]: sign(changes.secret ?? SIGNING_SECRET, parts),
    [SIGNATURE_HEADERS.timestamp]: timestamp,
    [SIGNATURE_HEADERS.requestId]: requestId,
  });
  if (changes.without !== undefined) headers.delete(changes.without);
  return fetch(engine.syncEngineUrl, { method: 'POST', headers, body: changes.body ?? signedBody });
}

function bodyOf({ requestId = `${randomUUID()}.${randomUUID()}` }: Changes): string {
  return JSON.stringify({ tenancyId: world.tenancyId, externalDatabaseId: null, requestId });
}

async function failedRequest(): Promise<{ code: string } | undefined> {
  const rows = await world.internal.db.query<{ code: string }>(
    'SELECT "lastErrorCode" AS code FROM "OutgoingRequest" WHERE "attempts" > 0',
  );
  return rows[0];
}

describe('delivery by signed HTTP', () => {
  test('a server without an engine has another one do the work', async () => {
    const engine = await start(() => ({ runLoops: false }));
    await start(() => ({ syncEngineUrl: engine.syncEngineUrl }));
    await world.addTeams(500);
    await world.copied(500);
    await waitUntil(async () => (await world.internal.db.query('SELECT 1 FROM "OutgoingRequest"')).length === 0, {
      describe: 'the queue to be empty',
    });
    expect(engine.logs()).toContain('POST /internal/external-db-sync/sync-engine');
  });

  test('an engine that is switched off is asked later, and nobody has failed', async () => {
    const { db } = world.internal;
    const engine = await start(() => ({ runLoops: false }));
    await db.query('UPDATE "ExternalDbSyncMetadata" SET "syncEngineEnabled" = false');
    const refused = await sendSigned(engine);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'SYNC_ENGINE_DISABLED' });
    await start(() => ({ syncEngineUrl: engine.syncEngineUrl }));
    await world.addTeams(1);
    await waitUntil(async () => (await db.query('SELECT 1 FROM "OutgoingRequest"')).length === 1, {
      describe: 'the sync to be queued',
    });
    await db.query('UPDATE "ExternalDbSyncMetadata" SET "syncEngineEnabled" = true');
    await world.copied(1);
  });

  test('an engine that is gone is asked again until it is back', async () => {
    const engine = await start(() => ({ runLoops: false }));
    await engine.stop();
    servers = [];
    const poller = await start(() => ({ syncEngineUrl: engine.syncEngineUrl }));
    await world.addTeams(1);
    const waiting = await waitUntil(() => failedRequest(), { describe: 'the failure to be kept' });
    expect(waiting?.code).toBe('HTTP_UNREACHABLE');
    await poller.stop();
    servers = [];
    const back = await start(() => ({ runLoops: false }));
    await start(() => ({ syncEngineUrl: back.syncEngineUrl }));
    await world.copied(1);
  });

  test('two servers with different secrets do not work together, until the previous one is believed', async () => {
    const engine = await start(() => ({
      runLoops: false,
      signingSecret: 'a new secret of at least thirty-two characters',
    }));
    expect((await sendSigned(engine)).status).toBe(401);
    const rotating = await start(() => ({
      runLoops: false,
      signingSecret: 'a new secret of at least thirty-two characters',
      previousSigningSecrets: [SIGNING_SECRET],
    }));
    expect((await sendSigned(rotating)).status).toBe(200);
  });
});

describe('the sync engine refuses', () => {
  async function refusal(answer: Response) {
    expect(answer.status).toBe(401);
    expect(answer.headers.get('x-hexclave-known-error')).toBe('INVALID_REQUEST_SIGNATURE');
    const { details } = (await answer.json()) as { details: { reason: string } };
    expect(await world.teamsInCopy()).toBe(0);
    return details.reason;
  }
  let engine: SyncServer;
  beforeEach(async () => {
    engine = await start(() => ({ runLoops: false }));
    await world.addTeams(1);
    await world.internal.db.query('SELECT * FROM "backfill_null_sequence_ids"()');
  });

  test.each(Object.values(SIGNATURE_HEADERS))('a request without %s', async (without) => {
    expect(await refusal(await sendSigned(engine, { without }))).toBe('missing');
  });

  test('a forged request', async () => {
    expect(await refusal(await sendSigned(engine, { secret: 'a guess of at least thirty-two characters' }))).toBe(
      'mismatch',
    );
  });

  test('a body that was changed on the way', async () => {
    const signedBody = bodyOf({});
    const body = signedBody.replace(world.tenancyId, randomUUID());
    expect(await refusal(await sendSigned(engine, { body }, signedBody))).toBe('mismatch');
  });

  test('a request that was signed for another path', async () => {
    expect(await refusal(await sendSigned(engine, { path: '/somewhere/else' }))).toBe('mismatch');
  });

  test.each([-301, 301])('a request that is %d seconds away', async (offset) => {
    const timestamp = String(Math.floor(Date.now() / 1_000) + offset);
    expect(await refusal(await sendSigned(engine, { timestamp }))).toBe('outside_time_window');
  });

  test('a signed request whose header names another one than its body', async () => {
    const answer = await sendSigned(engine, { requestId: 'another' }, bodyOf({}));
    expect(answer.status).toBe(400);
    expect(await world.teamsInCopy()).toBe(0);
  });

  test('a request that it has taken before, also on another server, also twice at once', async () => {
    const other = await start(() => ({ runLoops: false }));
    const changes = { requestId: `${randomUUID()}.${randomUUID()}` };
    const answers = await Promise.all([engine, other, engine, other].map((server) => sendSigned(server, changes)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    const again = await sendSigned(other, changes);
    expect(await again.json()).toMatchObject({ details: { reason: 'replayed' } });
    expect(await world.teamsInCopy()).toBe(1);
  });

  test('a body that is not the one of a request', async () => {
    const body = JSON.stringify({ tenancyId: "'; DROP", requestId: 'x', __proto__: null });
    expect((await sendSigned(engine, { requestId: 'x' }, body)).status).toBe(400);
  });

  test('an Upstash-Signature where QStash is not configured', async () => {
    const headers = { 'content-type': 'application/json', 'upstash-signature': 'e30.e30.e30' };
    const answer = await fetch(engine.syncEngineUrl, { method: 'POST', headers, body: bodyOf({}) });
    expect(await refusal(answer)).toBe('missing');
  });
});

test('used signatures are forgotten once nobody would believe them', async () => {
  const { db } = world.internal;
  const engine = await start(() => ({ runLoops: false }));
  await db.query(
    `INSERT INTO "UsedSignature" SELECT 'old ' || n, now() - interval '1 second' FROM generate_series(1, 150) n`,
  );
  for (let index = 0; index < 2; index++) expect((await sendSigned(engine)).status).toBe(200);
  expect(await db.query('SELECT 1 FROM "UsedSignature"')).toHaveLength(2);
});
