import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { applyStatusMessage, createClient, type StatusMessage } from '@hexclave/sdk';
import { afterEach, expect, test } from 'vitest';
import { startApiServer } from '../support/api-server.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

test('the status is followed live, and the whole of it is kept', async () => {
  const { url, keys } = await startApiServer();
  const client = createClient({ baseUrl: url, projectId: keys.demo.projectId, keys: keys.demo });
  const controller = new AbortController();
  let status: ReturnType<typeof applyStatusMessage>;
  const types: string[] = [];
  const connectionString = 'postgresql://user:canary@db.example.com/shop';
  const follow = async () => {
    for await (const message of client.dbSync.watch({}, { signal: controller.signal })) {
      types.push(message.type);
      status = applyStatusMessage(status, message);
      if (message.type === 'snapshot') {
        await client.config.update({ 'dbSync.externalDatabases.shop': { type: 'postgres', connectionString } });
      }
      if (message.type === 'change') controller.abort(new Error('seen enough'));
    }
  };
  await expect(follow()).rejects.toThrow('seen enough');
  expect(types[0]).toBe('snapshot');
  expect(status).toMatchObject({
    scope: 'tenancy',
    external_databases: [{ id: 'shop', connection: { host: 'db.example.com' } }],
  });
  expect(JSON.stringify(status)).not.toContain('canary');
});

test('a key that is not valid is told at once', async () => {
  const { url } = await startApiServer();
  const client = createClient({ baseUrl: url, projectId: 'internal', keys: { superSecretAdminKey: 'sak_x' } });
  await expect(client.dbSync.watch().next()).rejects.toMatchObject({ code: 'INVALID_SUPER_SECRET_ADMIN_KEY' });
});

/** A stream that ends as `listener` wants it. Returns a client of it and the paths that were asked for. */
async function streamFrom(listener: (connection: number, ...request: Parameters<RequestListener>) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    listener(asked.length, request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, client: createClient({ baseUrl, projectId: 'p', keys: { superSecretAdminKey: 'sak_canary' } }) };
}

const event = (type: string, data: object, id = '') =>
  `${id && `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

async function take(messages: AsyncGenerator<StatusMessage>, count: number): Promise<StatusMessage[]> {
  const taken: StatusMessage[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done) break;
    taken.push(value);
  }
  await messages.return(undefined);
  return taken;
}

test('a connection that is lost is made anew, from the last event on', async () => {
  const { asked, client } = await streamFrom((connection, _request, response) => {
    response.write(event('heartbeat', { at_millis: connection }, `id-${connection}`));
    if (connection === 1) setImmediate(() => response.destroy());
  });
  const messages = await take(client.dbSync.watch({ scope: 'all' }), 3);
  expect(messages).toMatchObject([
    { type: 'heartbeat', data: { at_millis: 1 } },
    { type: 'disconnected', error: { code: 'API_UNREACHABLE' } },
    { type: 'heartbeat', data: { at_millis: 2 } },
  ]);
  expect(asked.map((url) => new URL(url, 'http://a').searchParams.toString())).toEqual([
    'scope=all',
    'scope=all&last_event_id=id-1',
  ]);
  expect(JSON.stringify(messages)).not.toContain('canary');
});

test.each([
  ['no_longer_allowed', 'key'],
  ['project_deleted', 'project'],
])('an end for good is one: there is no use in coming back after %s', async (reason, subject) => {
  const { asked, client } = await streamFrom((_connection, _request, response) => {
    response.end(event('heartbeat', { at_millis: 1 }) + event('end', { reason }));
  });
  const message = expect.stringContaining(`ended the stream: the ${subject} `);
  await expect(take(client.dbSync.watch(), 5)).rejects.toMatchObject({ code: 'API_ACCESS_ENDED', message });
  expect(asked).toHaveLength(1);
});

test('leaving the loop closes the connection', async () => {
  let closed: Promise<unknown> = Promise.reject(new Error('nothing was asked'));
  closed.catch(() => undefined);
  const { client } = await streamFrom((_connection, request, response) => {
    closed = once(request.socket, 'close');
    response.write(event('heartbeat', { at_millis: 1 }));
  });
  for await (const _message of client.dbSync.watch()) break;
  await closed;
});
