import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from './stage.ts';

const PAUSE_MS = 20;
const POLL_MS = 1;
const PATIENCE_MS = 10_000;

/**
 * Changes one user again and again until `signal` aborts, and notes how long each change took to appear in the copy.
 *
 * @returns ms from the start of the writing transaction (a little before its commit) to the first look at the copy that
 *   showed it; a change that did not appear counts with the time it was waited for
 */
export async function sampleLatency({ api, source, target }: Stage, signal: AbortSignal): Promise<number[]> {
  const { id } = await api.call<{ id: string }>('POST', '/users', { display_name: 'Sampler' });
  const samples: number[] = [];
  for (let round = 0; !signal.aborted; round++) {
    await api.call('PATCH', `/users/${id}`, { display_name: `Sampler ${round}` });
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await shows(id, round)) && Date.now() < deadline) await delay(POLL_MS);
    const seenAt = performance.timeOrigin + performance.now();
    samples.push(seenAt - (await writtenAt(id)));
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  // The first change waits for the first contact with the external database, which creates schema and tables.
  return samples.slice(1);

  async function shows(userId: string, round: number): Promise<boolean> {
    const statement = 'SELECT 1 FROM hexclave.users WHERE id = $1 AND display_name = $2';
    const found = await target.query(statement, [userId, `Sampler ${round}`]).catch(() => []);
    return found.length > 0;
  }

  async function writtenAt(userId: string): Promise<number> {
    const [row] = await source.query<{ ms: number }>(
      `SELECT (extract(epoch FROM "updatedAt") * 1000)::float8 AS ms FROM "ProjectUser" WHERE "projectUserId" = $1`,
      [userId],
    );
    return row?.ms ?? Number.NaN;
  }
}

/** The value below which `share` of the samples lie (nearest rank). */
export function percentile(samples: number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
