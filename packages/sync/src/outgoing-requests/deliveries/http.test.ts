import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createTestDatabase } from '@hexclave/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { pollOnce } from '../../poller/poller.ts';
import { type Answerer, startHttpServer, status } from '../fixtures/http-server.ts';
import { claimOne, queued } from '../fixtures/queue.ts';
import { createHttpCaller, type HttpCallerOptions } from '../http-call.ts';
import { enqueueRequest } from '../queue.ts';
import type { ClaimedRequest, NewRequest } from '../request.ts';
import { httpDelivery } from './http.ts';

const database = await createTestDatabase();
const { db } = database;
const callers: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(callers.map((caller) => caller.close())));

function delivery(options: HttpCallerOptions = {}) {
  const caller = createHttpCaller(options);
  callers.push(caller);
  return httpDelivery(caller);
}

async function claimed(request: NewRequest): Promise<ClaimedRequest> {
  await db.query('DELETE FROM "OutgoingRequest"');
  await enqueueRequest(db, request);
  return claimOne(db);
}

const never = new AbortController().signal;

async function answerTo(answer: Answerer, options: HttpCallerOptions = {}) {
  const server = await startHttpServer(answer);
  return delivery(options)(await claimed({ url: `${server.url}/hook` }), never);
}

describe('an outgoing HTTP request', () => {
  test('arrives as it was queued, with a key by which a second delivery can be told', async () => {
    const server = await startHttpServer(status(204));
    const body = JSON.stringify({ text: 'Grüße 👋' });
    const request = await claimed({
      method: 'PUT',
      url: `${server.url}/hook?a=1`,
      headers: { 'Content-Type': 'application/json', authorization: 'Bearer s3cret' },
      body,
    });
    expect(await delivery()(request, never)).toEqual({ kind: 'delivered' });
    expect(server.received).toMatchObject([{ method: 'PUT', path: '/hook?a=1', body }]);
    expect(server.received[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer s3cret',
      'idempotency-key': request.id,
    });
  });

  test.each([200, 201, 204])('is delivered when the answer is %d', async (code) => {
    expect(await answerTo(status(code))).toEqual({ kind: 'delivered' });
  });

  test.each([401, 403, 404, 408, 409, 425, 429, 500, 502, 503])(
    'is tried again when the answer is %d',
    async (code) => {
      expect(await answerTo(status(code))).toMatchObject({
        kind: 'failed',
        code: `HTTP_STATUS_${code}`,
        permanent: false,
      });
    },
  );

  test.each([400, 410, 413, 422])(
    'is given up when the answer is %d: the same bytes would be refused again',
    async (code) => {
      expect(await answerTo(status(code))).toMatchObject({ kind: 'failed', permanent: true });
    },
  );

  test.each([
    ['in seconds', () => '30'],
    ['as a date', () => new Date(Date.now() + 30_500).toUTCString()],
  ])('waits as Retry-After says, %s', async (_, after) => {
    const result = await answerTo(status(503, { 'retry-after': after() }));
    if (result.kind !== 'failed') throw new Error('it was delivered');
    expect(result.retryAfterMs).toBeGreaterThan(28_000);
    expect(result.retryAfterMs).toBeLessThanOrEqual(31_000);
  });

  test('follows no redirect', async () => {
    const elsewhere = await startHttpServer(status(200));
    const result = await answerTo(status(307, { location: elsewhere.url }));
    expect(result).toMatchObject({ kind: 'failed', code: 'HTTP_STATUS_307' });
    expect(elsewhere.received).toEqual([]);
  });

  test('an answer without end is not read to the end', async () => {
    function* chunks() {
      for (;;) yield Buffer.alloc(64 * 1024);
    }
    const endless: Answerer = async (_, response) => {
      await pipeline(Readable.from(chunks()), response).catch(() => undefined);
    };
    expect(await answerTo(endless)).toEqual({ kind: 'delivered' });
  });

  test('a receiver that hangs costs no more than the time-out', async () => {
    const hangs: Answerer = () => undefined;
    expect(await answerTo(hangs, { timeoutMs: 200 })).toMatchObject({ kind: 'failed', code: 'HTTP_TIMEOUT' });
    const hangsInBody: Answerer = (_, response) => void response.writeHead(200).write('…');
    expect(await answerTo(hangsInBody, { timeoutMs: 200 })).toMatchObject({ kind: 'failed', code: 'HTTP_TIMEOUT' });
  });

  test('a receiver that is not there is named by errno, without URL or headers', async () => {
    const server = await startHttpServer(status(200));
    await server.close();
    const url = `${server.url}/hook?token=s3cret`;
    const result = await delivery()(await claimed({ url, headers: { authorization: 's3cret' } }), never);
    expect(result).toMatchObject({ kind: 'failed', code: 'HTTP_UNREACHABLE' });
    expect(JSON.stringify(result)).toContain('ECONNREFUSED');
    expect(JSON.stringify(result)).not.toContain('s3cret');
  });

  test.each(['http://127.0.0.1', 'http://0x7f.1', 'http://[::1]', 'http://localhost'])(
    'to an address that is not allowed is not sent: %s',
    async (host) => {
      const server = await startHttpServer(status(200));
      const url = `${host}:${new URL(server.url).port}/`;
      const guarded = delivery({ isAllowedAddress: (address) => !/^(127\.|::1)/.test(address) });
      expect(await guarded(await claimed({ url }), never)).toMatchObject({ code: 'HTTP_ADDRESS_REFUSED' });
      expect(server.received).toEqual([]);
    },
  );

  test('that fails every time is kept, with what happened, after its last attempt', async () => {
    const server = await startHttpServer(status(500));
    await db.query('DELETE FROM "OutgoingRequest"');
    await enqueueRequest(db, { url: server.url, maxAttempts: 2 });
    const options = { db, deliver: delivery(), onError: () => undefined };
    expect(await pollOnce(options, 10_000, never)).toBe(1);
    expect(await queued(db)).toMatchObject([{ state: 'waiting', attempts: 1, code: 'HTTP_STATUS_500' }]);
    await db.query('UPDATE "OutgoingRequest" SET "notBefore" = now()');
    expect(await pollOnce(options, 10_000, never)).toBe(1);
    expect(await queued(db)).toMatchObject([{ state: 'failed', attempts: 2, code: 'HTTP_STATUS_500' }]);
    expect(server.received).toHaveLength(2);
  });

  test('never more at once to one receiver than its flow control allows', async () => {
    let now = 0;
    let most = 0;
    const server = await startHttpServer(async (_, response) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      response.end();
    });
    await db.query('DELETE FROM "OutgoingRequest"');
    for (let index = 0; index < 20; index++) {
      await enqueueRequest(db, { url: server.url, flowControl: { key: server.url, parallelism: 2 } });
    }
    const options = { db, deliver: delivery(), onError: () => undefined };
    const delivered = await Promise.all([pollOnce(options, 20_000, never), pollOnce(options, 20_000, never)]);
    expect(delivered[0] + delivered[1]).toBe(20);
    expect(most).toBeLessThanOrEqual(2);
    expect(await queued(db)).toEqual([]);
  });
});
