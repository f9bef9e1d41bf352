import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@hexclave/sdk';
import { afterEach, expect, test } from 'vitest';

const KEY = 'ssk_canary';
const NOT_FOUND = { code: 'USER_NOT_FOUND', error: 'This project has no user with that id.' };
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await close(server);
});

/** Answers the way a network does on a bad day. Returns the client and what was asked of the server. */
async function badDay(listener: RequestListener, options: { timeoutMs?: number; maxAttempts?: number } = {}) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    requests,
    baseUrl,
    client: createClient({ baseUrl, projectId: 'p', keys: { secretServerKey: KEY }, ...options }),
  };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

async function failureOf(call: Promise<unknown>): Promise<Error> {
  const error: unknown = await call.then(
    () => new Error('It succeeded'),
    (thrown: unknown) => thrown,
  );
  const everything = JSON.stringify(error, Object.getOwnPropertyNames(error));
  expect(everything).not.toContain('canary');
  return error as Error;
}

test('a server that cannot be reached is named, once it has been tried three times', async () => {
  const { client, requests } = await badDay((request) => request.socket.destroy());
  expect(await failureOf(client.users.list())).toMatchObject({ code: 'API_UNREACHABLE', retryable: true });
  expect(requests).toHaveLength(3);
});

test('a change is not sent again when it is not known whether it was made', async () => {
  const { client, requests } = await badDay((request) => request.socket.destroy());
  expect(await failureOf(client.users.create({}))).toMatchObject({ code: 'API_UNREACHABLE' });
  expect(requests).toEqual(['POST /api/v1/users']);
});

test('a passing failure passes unnoticed', async () => {
  let left = 2;
  const { client, requests } = await badDay((_request, response) => {
    if (left-- > 0) return response.writeHead(503).end('<html>upstream</html>');
    return response.end(JSON.stringify({ status: 'ok' }));
  });
  expect(await client.health()).toEqual({ status: 'ok' });
  expect(requests).toHaveLength(3);
});

test('one request too many waits as long as the server says, whatever it is', async () => {
  const started = performance.now();
  let refused = false;
  const { client } = await badDay((_request, response) => {
    if (refused) return response.writeHead(201).end(JSON.stringify({ id: 'u' }));
    refused = true;
    const body = { code: 'RATE_LIMITED', error: 'Too many requests.', details: { retry_after_seconds: 1 } };
    return response.writeHead(429, { 'retry-after': '1' }).end(JSON.stringify(body));
  });
  expect(await client.users.create({})).toEqual({ id: 'u' });
  expect(performance.now() - started).toBeGreaterThan(990);
});

test('what will not pass is not tried again', async () => {
  const { client, requests } = await badDay((_request, response) =>
    response.writeHead(404).end(JSON.stringify(NOT_FOUND)),
  );
  expect(await failureOf(client.users.get('u'))).toMatchObject({ code: 'USER_NOT_FOUND', status: 404 });
  expect(requests).toHaveLength(1);
});

test('an answer that never comes, or never ends, takes no longer than it may', async () => {
  const silent = await badDay(() => undefined, { timeoutMs: 100, maxAttempts: 1 });
  expect(await failureOf(silent.client.users.list())).toMatchObject({ code: 'API_TIMEOUT' });
  const endless = await badDay((_request, response) => response.write('{'), { timeoutMs: 100, maxAttempts: 1 });
  expect(await failureOf(endless.client.users.list())).toMatchObject({ code: 'API_TIMEOUT' });
});

test('a caller may give up at any time, also between two attempts', async () => {
  const controller = new AbortController();
  const { client, requests } = await badDay((_request, response) => {
    setTimeout(() => controller.abort(new Error('no longer wanted')), 20);
    response.writeHead(429, { 'retry-after': '20' }).end(JSON.stringify({ code: 'RATE_LIMITED', error: 'Later.' }));
  });
  const call = client.users.list({}, { signal: controller.signal });
  expect((await failureOf(call)).message).toBe('no longer wanted');
  expect(requests).toHaveLength(1);
  const late = client.users.list({}, { signal: controller.signal });
  expect((await failureOf(late)).message).toBe('no longer wanted');
  expect(requests).toHaveLength(1);
});

test('keys do not follow a redirect', async () => {
  const elsewhere = await badDay((_request, response) => response.end('{}'));
  const { client } = await badDay((_request, response) =>
    response.writeHead(302, { location: `${elsewhere.baseUrl}/api/v1/users?key=canary` }).end(),
  );
  const error = await failureOf(client.users.list());
  expect(error).toMatchObject({ code: 'API_ANSWER_UNEXPECTED', message: expect.stringContaining(elsewhere.baseUrl) });
  expect(elsewhere.requests).toEqual([]);
});

test.each(['', 'Welcome to nginx!', '{"half":'])('an answer that is not of the API: %j', async (body) => {
  const { client } = await badDay((_request, response) => response.end(body));
  expect(await failureOf(client.users.list())).toMatchObject({ code: 'API_ANSWER_UNEXPECTED', retryable: false });
});
