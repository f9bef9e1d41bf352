import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, type Database } from '@hexclave/db';
import type { DemoApi } from './demo-api.ts';
import type { DemoDatabase } from './demo-database.ts';

type User = { id: string };

const EMAIL = 'demo-user@example.com';
const SAMPLES = 5;
const POLL_MS = 1;
/** The first change of all also has to create schema and tables. */
const PATIENCE_MS = 10_000;

/**
 * Changes the demo user (who is created at the first start) and waits until each change can be read in the demo
 * database.
 *
 * @returns the median, in ms, from sending the request to reading the change in the external database: an upper bound
 *   of the time from commit to visible; `undefined` if a change did not arrive
 */
export async function measureSync(api: DemoApi, demo: DemoDatabase, signal: AbortSignal): Promise<number | undefined> {
  const target = createDatabase({ connectionString: demo.connectionString, max: 1 });
  try {
    const user = await ensureDemoUser(api);
    if ((await timeChange(api, target, user, signal)) === undefined) return undefined;
    const samples: number[] = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      const ms = await timeChange(api, target, user, signal);
      if (ms !== undefined) samples.push(ms);
    }
    return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)];
  } finally {
    await target.end();
  }
}

async function ensureDemoUser(api: DemoApi): Promise<User> {
  const { items } = await api.call<{ items: User[] }>('GET', `/users?limit=1&query=${encodeURIComponent(EMAIL)}`);
  return items[0] ?? (await api.call<User>('POST', '/users', { display_name: 'Demo User', primary_email: EMAIL }));
}

async function timeChange(
  api: DemoApi,
  target: Database,
  user: User,
  signal: AbortSignal,
): Promise<number | undefined> {
  const mark = new Date().toISOString() + performance.now();
  const sentAt = performance.now();
  await api.call('PATCH', `/users/${user.id}`, { server_metadata: { last_measured: mark } });
  while (performance.now() < sentAt + PATIENCE_MS) {
    signal.throwIfAborted();
    if (await isVisible(target, user, mark)) return performance.now() - sentAt;
    await delay(POLL_MS);
  }
  return undefined;
}

/** Whatever goes wrong counts as "not yet": at first there is no such table. */
async function isVisible(target: Database, user: User, mark: string): Promise<boolean> {
  const found = await target
    .query(`SELECT 1 FROM hexclave.users WHERE id = $1 AND server_metadata ->> 'last_measured' = $2`, [user.id, mark])
    .catch(() => []);
  return found.length > 0;
}
