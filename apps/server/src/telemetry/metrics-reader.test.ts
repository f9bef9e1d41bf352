import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';
import { createMetricsReader } from './metrics-reader.ts';

function reading(read: () => Promise<void>, patienceMs?: number) {
  const metrics = createMetrics();
  const reader = createMetricsReader(metrics, patienceMs);
  let asked = 0;
  reader.installation(() => {
    asked += 1;
    return read();
  });
  return { metrics, reader, asked: () => asked };
}

const lines = (body: string, name: string) => body.split('\n').filter((line) => line.startsWith(name));

test('any number of scrapes at once ask the database once', async () => {
  const { metrics, reader, asked } = reading(async () => {
    await delay(20);
    metrics.projects.set({ state: 'fresh' }, 7);
    metrics.parked.set(2);
  });
  const bodies = await Promise.all([reader.read(), reader.read(), reader.read()]);
  bodies.push(await reader.read());
  expect(asked()).toBe(1);
  for (const { body } of bodies) {
    expect(lines(body, 'hexclave_projects')).toEqual(['hexclave_projects{state="fresh"} 7']);
    expect(lines(body, 'hexclave_rows_parked')).toEqual(['hexclave_rows_parked 2']);
    expect(lines(body, 'hexclave_installation_up')).toEqual(['hexclave_installation_up 1']);
  }
});

test('of a database that does not answer nothing old is told, and what the process counts still is', async () => {
  const { metrics, reader } = reading(() => Promise.reject(new Error('canary: it is away')));
  metrics.projects.set({ state: 'fresh' }, 7);
  metrics.parked.set(2);
  metrics.numberedRows.inc(3);
  const { body } = await reader.read();
  expect(lines(body, 'hexclave_installation_up')).toEqual(['hexclave_installation_up 0']);
  expect(lines(body, 'hexclave_projects')).toEqual([]);
  expect(lines(body, 'hexclave_rows_parked')).toEqual([]);
  expect(lines(body, 'hexclave_sequencer_rows_total')).toEqual(['hexclave_sequencer_rows_total 3']);
  expect(body).not.toContain('canary');
});

test('a database that hangs is not waited for', async () => {
  const { reader } = reading(() => new Promise(() => undefined), 20);
  const { body } = await reader.read();
  expect(lines(body, 'hexclave_installation_up')).toEqual(['hexclave_installation_up 0']);
});

test('pools and the like are looked at for every scrape', async () => {
  const metrics = createMetrics();
  const reader = createMetricsReader(metrics);
  let looks = 0;
  reader.before(() => metrics.poolWaiting.set({ pool: 'api' }, ++looks));
  await reader.read();
  const { body } = await reader.read();
  expect(lines(body, 'hexclave_database_pool_waiting')).toEqual(['hexclave_database_pool_waiting{pool="api"} 2']);
});
