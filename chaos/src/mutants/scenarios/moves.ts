import { setTimeout as delay } from 'node:timers/promises';
import type { Queryable } from '@hexclave/db';
import { waitUntil } from '@hexclave/testing/wait-until';
import { stateOfProcess } from '../../nemesis/process-state.ts';
import { patiently } from '../../stage/patience.ts';
import type { Stage } from '../../stage/stage.ts';
import type { Target } from '../../stage/target.ts';
import type { Worker } from '../../stage/worker.ts';
import type { Operation } from '../../workload/operation.ts';
import { runOperations } from '../../workload/transaction.ts';

/** What scenarios are made of. Everything happens when it is called, nothing by itself. */

export function operation(kind: string, numbers: readonly number[], ...texts: readonly string[]): Operation {
  return { kind, tenancy: 0, numbers, texts };
}

export function user(kind: string, number: number, name = 'somebody'): Operation {
  return operation(kind, [number], name, '{}', '2024-01-01 00:00:00+00');
}

/** Commits operations together. */
export async function write(stage: Stage, ...operations: readonly Operation[]): Promise<void> {
  await patiently(() => stage.internal.transaction((tx) => runOperations(tx, { operations, openMs: 0 }, stage)));
}

export function workerOf(stage: Stage, index = 0): Worker {
  const worker = stage.workers[index];
  if (worker === undefined) throw new Error(`The scenario has no worker ${index}`);
  return worker;
}

export function targetOf(stage: Stage): Target {
  const [target] = stage.targets;
  if (target === undefined) throw new Error('The scenario has no target');
  return target;
}

/** One stage of the pipeline, once; again while its connections are still those to a database that is gone. */
export async function run(stage: Stage, what: 'number' | 'poll', index = 0): Promise<void> {
  await patiently(async () => {
    const { status, body } = await workerOf(stage, index).call(what);
    if (status !== 200) throw new Error(`${what} answered ${status}: ${body}`);
  });
}

/** Numbers and delivers until nothing is due. */
export async function work(stage: Stage): Promise<void> {
  await run(stage, 'number');
  await run(stage, 'poll');
}

/** A first content, already copied, so that what comes is streamed. */
export async function begin(stage: Stage): Promise<void> {
  await write(stage, user('insertUser', 1), user('insertUser', 2), user('insertUser', 3), operation('transfer', [400]));
  await work(stage);
}

/** Syncs the first tenancy on one worker, as a request would. */
export function sync(stage: Stage, index: number): Promise<unknown> {
  return workerOf(stage, index).call('sync', stage.tenancies[0] ?? '', null);
}

/** The same by a request for the first target alone. */
export function syncNamed(stage: Stage, index: number): Promise<unknown> {
  const { tenancyId, id } = targetOf(stage);
  return workerOf(stage, index).call('sync', tenancyId, id);
}

/** Holds the next message to the first target that contains `text`, until its proxy is calmed. Resolves once it is held. */
export async function hold(stage: Stage, text: string): Promise<void> {
  const waiting = new AbortController();
  const tooLong = delay(HELD_WITHIN_MS, undefined, { signal: waiting.signal }).then(() => {
    throw new Error(`Nothing with “${text}” has passed within ${HELD_WITHIN_MS / 1_000} s`);
  });
  await Promise.race([targetOf(stage).proxy.strike(text, 'hold'), tooLong]);
  waiting.abort();
}

/** SIGSTOP; it stands still once this resolves, as far as the system tells. */
export async function freeze(worker: Worker): Promise<void> {
  worker.kill('SIGSTOP');
  await waitUntil(async () => ['T', null].includes(await stateOfProcess(worker.pid)), {
    timeoutMs: PATIENCE_MS,
    describe: `${worker.name} to stand still`,
  });
}

/** Longer than any stage of the pipeline takes, on a machine that is busy. */
const HELD_WITHIN_MS = 30_000;
const PATIENCE_MS = 5_000;
const BLOCKED = `SELECT 1 FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name LIKE 'hexclave%'`;

/** Waits until so many backends of workers wait for a lock, or until `work` is done, which then needs none. */
export async function untilBlocked(db: Queryable, count: number, work?: Promise<unknown>): Promise<void> {
  let isDone = false;
  const note = () => {
    isDone = true;
  };
  work?.then(note, note);
  await waitUntil(async () => isDone || (await db.query(BLOCKED)).length >= count, {
    timeoutMs: PATIENCE_MS,
    describe: `${count} backends to wait for a lock`,
  });
}

/** A transaction that stays open: what it does is not seen, and what it locks stays locked, until `commit`. */
export async function openTransaction(
  stage: Stage,
  act: (tx: Queryable) => Promise<unknown>,
): Promise<{ commit(): Promise<void> }> {
  const client = await stage.internal.pool.connect();
  await client.query('BEGIN');
  await act({ query: async (text, values) => (await client.query(text, values as unknown[])).rows });
  return {
    commit: async () => {
      await client.query('COMMIT');
      client.release();
    },
  };
}
