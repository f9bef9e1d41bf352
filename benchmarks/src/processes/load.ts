import { setTimeout as delay } from 'node:timers/promises';
import { serve } from '@hexclave/testing/rpc';
import pg from 'pg';
import { COLUMNS, randomRow, rowId, seededRandom } from '../workload/rows.ts';

/** Clients of the source, in a process of their own: they must not share an event loop with what they measure. */

export type WriteJob = {
  readonly connectionString: string;
  /** Quoted. */
  readonly table: string;
  readonly tenancyId: string;
  readonly kind: 'insert' | 'update';
  readonly clients: number;
  readonly milliseconds: number;
  /** Of the rows that are there to be updated; `run` makes values differ between calls. */
  readonly seed: number;
  readonly run: number;
  readonly rows: number;
};

export type LatencyJob = {
  readonly source: string;
  readonly target: string;
  /** `$1` a new display name, `$2` an id. */
  readonly updateSql: string;
  /** In the target, quoted: the table that the display names arrive in. */
  readonly targetTable: string;
  readonly changes: number;
  readonly pauseMs: { readonly from: number; readonly to: number };
  /** Of the rows; `run` makes values and moments differ between calls. */
  readonly seed: number;
  readonly run: number;
  readonly rows: number;
};

const PROBE_TIMEOUT_MS = 30_000;

const handlers = {
  /** Writes for the given time with single-row transactions; returns how many a second. */
  write: async (job: WriteJob): Promise<number> => {
    const clients = await Promise.all(Array.from({ length: job.clients }, () => open(job.connectionString)));
    try {
      const started = performance.now();
      const deadline = started + job.milliseconds;
      const counts = await Promise.all(clients.map((client, index) => writeUntil(client, job, index, deadline)));
      const total = counts.reduce((sum, count) => sum + count, 0);
      return total / ((performance.now() - started) / 1000);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  },
  /** Changes single rows; returns for each the ms from sending COMMIT until the target shows it. */
  latencies: async (job: LatencyJob): Promise<number[]> => {
    const [source, target] = await Promise.all([open(job.source), open(job.target)]);
    try {
      await announceChanges(target, job.targetTable);
      return await measureLatencies(source, target, job);
    } finally {
      await Promise.all([source.end(), target.end()]);
    }
  },
};

async function open(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: 'benchmark load' });
  await client.connect();
  return client;
}

async function writeUntil(client: pg.Client, job: WriteJob, index: number, deadline: number): Promise<number> {
  const random = seededRandom(job.seed + job.run * 1000 + index);
  const insert = `INSERT INTO ${job.table} ("tenancyId", ${COLUMNS.join(', ')}) VALUES ($1, ${COLUMNS.map((_, column) => `$${column + 2}`).join(', ')})`;
  const update = `UPDATE ${job.table} SET display_name = $3 WHERE "tenancyId" = $1 AND id = $2`;
  let count = 0;
  while (performance.now() < deadline) {
    if (job.kind === 'insert') {
      await client.query({ name: 'insert', text: insert, values: [job.tenancyId, ...randomRow(random)] });
    } else {
      const id = rowId(job.seed, 1 + Math.floor(random() * job.rows));
      await client.query({ name: 'update', text: update, values: [job.tenancyId, id, `User ${random()}`] });
    }
    count++;
  }
  return count;
}

async function measureLatencies(source: pg.Client, target: pg.Client, job: LatencyJob): Promise<number[]> {
  const random = seededRandom(job.seed + job.run);
  const latencies: number[] = [];
  for (let change = 0; change < job.changes; change++) {
    await delay(job.pauseMs.from + random() * (job.pauseMs.to - job.pauseMs.from));
    const values = [`User ${job.run} ${change} ${random()}`, rowId(job.seed, 1 + Math.floor(random() * job.rows))];
    await source.query('BEGIN');
    await source.query({ name: 'update', text: job.updateSql, values });
    const committing = performance.now();
    const arrival = untilAnnounced(target, values[0] ?? '');
    await source.query('COMMIT');
    latencies.push((await arrival) - committing);
  }
  return latencies;
}

/**
 * Lets the target itself say when a change is committed there. Asking it again and again would keep a whole processor
 * busy, which is half of a small machine, and would slow the side that takes more steps more. ALWAYS: also when the
 * change is applied by a subscription.
 */
async function announceChanges(target: pg.Client, table: string): Promise<void> {
  await target.query(`
    CREATE OR REPLACE FUNCTION public.announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('changes', NEW.display_name);
      RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER announce_change AFTER UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION public.announce_change();
    ALTER TABLE ${table} ENABLE ALWAYS TRIGGER announce_change;
    LISTEN changes`);
}

/** Resolves to the time at which the target said that it has the display name. */
function untilAnnounced(target: pg.Client, displayName: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      target.off('notification', onNotification);
      reject(new Error(`a change was not visible after ${PROBE_TIMEOUT_MS} ms`));
    }, PROBE_TIMEOUT_MS);
    function onNotification(message: pg.Notification) {
      if (message.payload !== displayName) return;
      const now = performance.now();
      clearTimeout(timer);
      target.off('notification', onNotification);
      resolve(now);
    }
    target.on('notification', onNotification);
  });
}

export type LoadHandlers = typeof handlers;

serve(handlers);
