import type { Database } from '@hexclave/db';
import type { Bench } from '../bench.ts';
import { atLeast, type Figure } from '../figure.ts';
import { expectRows, interleaved } from '../measure/rounds.ts';
import { median } from '../measure/statistics.ts';
import { waitFor } from '../measure/wait.ts';
import { type BenchDatabase, checkpoint } from '../sides/databases.ts';
import {
  attach,
  createExternal,
  createInternal,
  detach,
  fillInternal,
  type Internal,
  lastNumber,
  TABLE,
  TARGET_TABLE,
  untilApplied,
  withEngine,
} from '../sides/hexclave.ts';
import {
  createFilledReplication,
  pause,
  type Replication,
  resume,
  subscribe,
  untilCopied,
} from '../sides/replication.ts';
import { rowId } from '../workload/rows.ts';

/** How many rows one transaction of the backlog changes. */
const ROWS_PER_TRANSACTION = 1_000;

/**
 * Every row is changed while nothing is delivered; then from the moment delivery starts until the last change is
 * visible. On our side that includes the numbering.
 */
export const catchUp: Figure = {
  name: 'catch-up',
  measure: async (bench) => {
    const { rows } = bench.options;
    const ours = await createCaughtUp(bench);
    const replication = await createFilledReplication(bench);
    await subscribe(replication);
    await untilCopied(bench, replication, 'streaming');
    await pause(replication);
    const seconds = await interleaved(bench, {
      hexclave: () => catchUpWithHexclave(bench, ours),
      replication: () => catchUpWithReplication(bench, replication),
    });
    await replication.drop();
    await ours.drop();
    return [
      atLeast(1, {
        name: 'catch-up',
        unit: 'rows/s',
        value: rows / median(seconds.hexclave),
        baseline: rows / median(seconds.replication),
        against: "logical replication's apply",
      }),
    ];
  },
};

/** An internal database and an external one that holds all of it. */
export type CaughtUp = { readonly internal: Internal; readonly external: BenchDatabase; drop(): Promise<void> };

/** Fills an internal database and lets it be copied. */
export async function createCaughtUp(bench: Bench, rows = bench.options.rows): Promise<CaughtUp> {
  const internal = await createInternal(bench);
  await fillInternal(internal, bench.options.seed, rows);
  return copyOut(bench, internal);
}

/** Lets an internal database be copied into a new external one. `drop` puts away both. */
export async function copyOut(bench: Bench, internal: Internal): Promise<CaughtUp> {
  const external = await createExternal(bench);
  await withEngine(bench, async (engine) => {
    await engine.call('start', internal.connectionString);
    await attach(internal, external);
    await untilApplied(bench, external, 0n);
  });
  await external.db.query(`VACUUM (ANALYZE) ${TARGET_TABLE}`);
  return {
    internal,
    external,
    drop: async () => {
      await detach(internal, external);
      await internal.drop();
    },
  };
}

let backlogs = 0;

/** Changes every row, in transactions of {@link ROWS_PER_TRANSACTION}. Returns the name that all rows now begin with. */
async function changeAll(bench: Bench, db: Database, table: string, where = 'true'): Promise<string> {
  const { rows, seed } = bench.options;
  const name = `Backlog ${++backlogs}`;
  for (let from = 1; from <= rows; from += ROWS_PER_TRANSACTION) {
    const to = Math.min(rows, from + ROWS_PER_TRANSACTION - 1);
    const ids = Array.from({ length: to - from + 1 }, (_, index) => rowId(seed, from + index));
    await db.query(
      `UPDATE ${table} SET display_name = $2 || ' ' || left(id::text, 8) WHERE ${where} AND id = ANY ($1::uuid[])`,
      [ids, name],
    );
  }
  return name;
}

/** Seconds of one catch-up. */
export async function catchUpWithHexclave(bench: Bench, { internal, external }: CaughtUp): Promise<number> {
  const { rows } = bench.options;
  const before = await lastNumber(internal.db);
  const name = await changeAll(bench, internal.db, TABLE, `"tenancyId" = '${internal.tenancyId}'`);
  await checkpoint(bench);
  const seconds = await withEngine(bench, async (engine) => {
    const started = performance.now();
    await engine.call('start', internal.connectionString);
    await untilApplied(bench, external, before + BigInt(rows));
    const elapsed = (performance.now() - started) / 1000;
    await expectRows(external.db, TARGET_TABLE, rows, `display_name LIKE '${name} %'`);
    return elapsed;
  });
  await internal.db.query(`VACUUM ${TABLE}`);
  await external.db.query(`VACUUM ${TARGET_TABLE}`);
  return seconds;
}

async function catchUpWithReplication(bench: Bench, replication: Replication): Promise<number> {
  const { rows, seed } = bench.options;
  const { source, target } = replication;
  const name = await changeAll(bench, source.db, 'bench_rows');
  await checkpoint(bench);
  const started = performance.now();
  await resume(replication);
  await waitFor(
    async () => {
      const last = await target.db.query('SELECT 1 FROM bench_rows WHERE id = $1 AND display_name LIKE $2', [
        rowId(seed, rows),
        `${name} %`,
      ]);
      return last.length > 0;
    },
    { describe: 'logical replication to catch up', signal: bench.signal },
  );
  const elapsed = (performance.now() - started) / 1000;
  await expectRows(target.db, 'bench_rows', rows, `display_name LIKE '${name} %'`);
  await pause(replication);
  await source.db.query('VACUUM bench_rows');
  await target.db.query('VACUUM bench_rows');
  return elapsed;
}
