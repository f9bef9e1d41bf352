import { enqueueRequest } from '@hexclave/sync';
import { waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type QstashStandIn, startQstashStandIn } from './qstash-stand-in.ts';
import { startHttpReceiver } from './receiver.ts';
import { createWorld, type SyncServer, startSyncServer, type World } from './server.ts';

let world: World;
let qstash: QstashStandIn;
let server: SyncServer;

beforeEach(async () => {
  world = await createWorld();
  qstash = await startQstashStandIn();
  server = await startSyncServer(world.internal, ({ syncEngineUrl }) => ({ qstash: configOf(qstash, syncEngineUrl) }));
});
afterEach(async () => {
  await server.stop();
  await qstash.close();
  await world.drop();
});

function configOf({ url, token, currentSigningKey, nextSigningKey }: QstashStandIn, syncEngineUrl: string) {
  return { token, baseUrl: url, currentSigningKey, nextSigningKey, syncEngineUrl };
}

function queueIsEmpty() {
  return waitUntil(async () => (await world.internal.db.query('SELECT 1 FROM "OutgoingRequest"')).length === 0, {
    describe: 'the queue to be empty',
  });
}

test('changes arrive, one after the other, and the queue is empty afterwards', async () => {
  for (const count of [1, 2, 3]) {
    await world.addTeams(1);
    await world.copied(count);
    await queueIsEmpty();
  }
  expect(qstash.accepted.length).toBeGreaterThanOrEqual(3);
  expect(new Set(qstash.accepted.map(({ deduplicationId }) => deduplicationId)).size).toBe(qstash.accepted.length);
  expect(qstash.accepted[0]).toMatchObject({
    url: server.syncEngineUrl,
    flowControl: { key: 'hexclave-sync', parallelism: 32 },
  });
  expect(qstash.deadLetters).toEqual([]);
});

test('a publication that is refused is tried again, and its answer is not kept', async () => {
  qstash.misbehave({ refusals: 1, refuseWith: 500 });
  await world.addTeams(1);
  await waitUntil(() => qstash.refused.length === 1, { describe: 'the refusal' });
  const rows = await waitUntil(
    async () => {
      const found = await world.internal.db.query<{ code: string; message: string }>(
        'SELECT "lastErrorCode" AS code, "lastErrorMessage" AS message FROM "OutgoingRequest" WHERE "attempts" = 1',
      );
      return found.length > 0 && found;
    },
    { describe: 'the failure to be kept' },
  );
  expect(rows).toEqual([{ code: 'QSTASH_PUBLISH_FAILED', message: 'QStash answered 500.' }]);
  await world.copied(1);
});

test('a publication whose reply is lost is delivered once for each claim', async () => {
  qstash.misbehave({ lostReplies: 1 });
  await world.addTeams(1);
  await world.copied(1);
  await queueIsEmpty();
  const ids = qstash.accepted.map(({ deduplicationId }) => deduplicationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a message that QStash loses is published anew when the claim runs out', async () => {
  const { db } = world.internal;
  qstash.misbehave({ lostMessages: 1 });
  await world.addTeams(1);
  await waitUntil(() => qstash.accepted.length === 1, { describe: 'the publication' });
  await waitUntil(
    async () =>
      (await db.query(`SELECT 1 FROM "OutgoingRequest" WHERE "leaseExpiresAt" > now() + interval '4 minutes'`))
        .length === 1,
    { describe: 'the claim to be handed over' },
  );
  await db.query('UPDATE "OutgoingRequest" SET "leaseExpiresAt" = now()');
  await world.copied(1);
  await queueIsEmpty();
});

test('a message that is delivered again does nothing', async () => {
  await world.addTeams(1);
  await world.copied(1);
  await queueIsEmpty();
  const [publication] = qstash.accepted;
  if (publication === undefined) throw new Error('nothing was published');
  await world.target.db.query('DROP SCHEMA hexclave CASCADE');
  expect(await qstash.deliverAgain(publication)).toBe(200);
  expect(await world.teamsInCopy()).toBe(0);
});

test('while the engine is switched off, the sync waits in our queue', async () => {
  const { db } = world.internal;
  qstash.misbehave({ lostMessages: 1 });
  await world.addTeams(1);
  const publication = await waitUntil(() => qstash.accepted[0], { describe: 'the publication' });
  await db.query('UPDATE "ExternalDbSyncMetadata" SET "syncEngineEnabled" = false');
  if (publication !== undefined) expect(await qstash.deliverAgain(publication)).toBe(200);
  expect(await db.query('SELECT 1 FROM "OutgoingRequest" WHERE "claimToken" IS NULL')).toHaveLength(1);
  await db.query('UPDATE "ExternalDbSyncMetadata" SET "syncEngineEnabled" = true');
  await world.copied(1);
});

test('signatures of the next key are believed, those of another key, body or address are not', async () => {
  qstash.misbehave({ lostMessages: 1 });
  await world.addTeams(1);
  const publication = await waitUntil(() => qstash.accepted[0], { describe: 'the publication' });
  if (publication === undefined) throw new Error('nothing was published');
  const send = (changes: { body?: string; headers?: Record<string, string> }) =>
    fetch(server.syncEngineUrl, {
      method: 'POST',
      headers: { ...qstash.signed(publication), ...changes.headers },
      body: changes.body ?? publication.body,
    });
  const forAnotherAddress =
    qstash.signed({ ...publication, url: `${server.url}/elsewhere` })['upstash-signature'] ?? '';
  const tampered = [
    send({ body: publication.body.replace(world.tenancyId, '00000000-0000-4000-8000-000000000000') }),
    send({ headers: { 'upstash-signature': forAnotherAddress } }),
    send({ headers: { 'upstash-signature': 'e30.e30.e30' } }),
    send({ headers: { 'upstash-signature': '' } }),
  ];
  for (const answer of await Promise.all(tampered)) {
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'INVALID_REQUEST_SIGNATURE' });
  }
  expect(await world.teamsInCopy()).toBe(0);
  qstash.misbehave({ rotated: true });
  expect((await send({})).status).toBe(200);
  await world.copied(1);
});

test('a general HTTP request goes through QStash as well, with its flow control', async () => {
  const received: string[] = [];
  const receiver = await startHttpReceiver((body) => received.push(body));
  for (let index = 0; index < 6; index++) {
    await enqueueRequest(world.internal.db, {
      url: receiver.url,
      headers: { 'x-kind': 'test' },
      body: `body ${index}`,
      flowControl: { key: 'my receiver', parallelism: 1 },
    });
  }
  await waitUntil(() => received.length === 6, { describe: 'all to arrive' });
  expect([...received].sort()).toEqual([0, 1, 2, 3, 4, 5].map((index) => `body ${index}`));
  expect(qstash.mostAtOnce()).toBe(1);
  const published = qstash.accepted.filter(({ url }) => url === receiver.url);
  expect(published).toHaveLength(6);
  expect(published[0]?.flowControl).toEqual({ key: 'my_20_receiver', parallelism: 1 });
  await receiver.close();
  await queueIsEmpty();
});
