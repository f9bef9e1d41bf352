import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { enqueueRequest } from '@hexclave/sync';
import { waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configure, createWorld, startSyncServer, type World } from './server.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.drop());

/** Accepts connections and says nothing, as a firewall or a dead host behind one does. */
async function startSilence() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.length,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

test('a server that stops gives back what it cannot finish, and another takes it up at once', async () => {
  const first = await startSyncServer(world.internal);
  await world.addTeams(20_000);
  await waitUntil(
    async () =>
      (await world.internal.db.query('SELECT 1 FROM "OutgoingRequest" WHERE "claimToken" IS NOT NULL')).length > 0,
    {
      describe: 'the sync to be under way',
    },
  );
  await first.stop();
  expect(await world.internal.db.query('SELECT 1 FROM "OutgoingRequest" WHERE "claimToken" IS NOT NULL')).toEqual([]);
  const second = await startSyncServer(world.internal);
  await world.copied(20_000);
  await second.stop();
});

test('targets and receivers that hang do not keep it from stopping within its time', async () => {
  const silence = await startSilence();
  const server = await startSyncServer(world.internal);
  const target = new URL(world.target.connectionString);
  target.port = String(silence.port);
  await configure(world.internal, world.tenancyId, 'silent', target.href);
  await world.addTeams(1);
  await enqueueRequest(world.internal.db, { url: `http://127.0.0.1:${silence.port}/` });
  await waitUntil(() => silence.connections() >= 2, { describe: 'both to hang' });
  await world.copied(1);
  const startedAt = performance.now();
  await server.stop();
  expect(performance.now() - startedAt).toBeLessThan(22_000);
  await silence.close();
});
