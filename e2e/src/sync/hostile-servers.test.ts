import type { Socket } from 'node:net';
import { hostileServer } from '@hexclave/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { converged, createHarness, type Harness, stateOf } from './harness.ts';
import { addUser } from './rows.ts';

let harness: Harness;
let tenancy: string;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
});

afterEach(() => harness.close());

function message(type: string, body: Buffer, length = body.length + 4): Buffer {
  const head = Buffer.alloc(5, type);
  head.writeInt32BE(length, 1);
  return Buffer.concat([head, body]);
}

const AUTHENTICATED = message('R', Buffer.alloc(4));
const READY = message('Z', Buffer.from('I'));
/** One column of type text. */
const ONE_COLUMN = message('T', Buffer.from('000178000000000000000000000019ffffffffffff0000', 'hex'));
const ROW = message('D', Buffer.concat([Buffer.from([0, 1, 0, 0, 0xff, 0xf0]), Buffer.alloc(0xfff0, 'x')]));

/** Writes as fast as the other side takes it. */
function flood(socket: Socket, chunk: Buffer): void {
  const write = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}

const servers: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['accepts and says nothing', () => undefined],
  ['says nothing after the sign-in', (socket) => socket.write(AUTHENTICATED)],
  ['sends garbage', (socket) => flood(socket, Buffer.alloc(65_536, 'garbage'))],
  [
    'announces two gigabytes and begins to send them',
    (socket) => {
      socket.write(message('R', Buffer.alloc(4), 0x7fffffff));
      flood(socket, Buffer.alloc(65_536));
    },
  ],
  [
    'answers a question with endless rows',
    (socket) => {
      socket.once('data', () => {
        socket.write(Buffer.concat([AUTHENTICATED, READY]));
        socket.once('data', () => {
          socket.write(ONE_COLUMN);
          flood(socket, ROW);
        });
      });
    },
  ],
  [
    'closes at the first question',
    (socket) => {
      socket.once('data', () => {
        socket.write(Buffer.concat([AUTHENTICATED, READY]));
        socket.once('data', () => socket.destroy());
      });
    },
  ],
];

test.each(servers)('a server that %s: given up in bounded time and memory, while others go on', async (_, behave) => {
  const port = await hostileServer(behave);
  const hostile = await harness.addTarget(tenancy, 'hostile', { connection: { port } });
  const other = await harness.addTenancy();
  const healthy = await harness.addTarget(other, 'healthy');
  await addUser(harness.db, tenancy);
  await addUser(harness.db, other);
  let most = 0;
  const before = process.memoryUsage().rss;
  const meter = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss - before);
  }, 20);
  const started = performance.now();
  const attempt = harness.sync(tenancy, harness.newEngine());
  await harness.sync(other, harness.newEngine());
  await converged(harness, healthy, 3_000);
  await attempt;
  clearInterval(meter);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect((await stateOf(harness, hostile)).database?.errorCode).toMatch(/^TARGET_/);
  expect(most).toBeLessThan(300 * 1024 * 1024);
});
