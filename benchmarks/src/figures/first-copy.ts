import type { Bench } from '../bench.ts';
import { atLeast, type Figure } from '../figure.ts';
import { expectRows, interleaved } from '../measure/rounds.ts';
import { median } from '../measure/statistics.ts';
import { checkpoint } from '../sides/databases.ts';
import {
  attach,
  createExternal,
  createInternal,
  detach,
  fillInternal,
  type Internal,
  TARGET_TABLE,
  untilApplied,
  withEngine,
} from '../sides/hexclave.ts';
import {
  createFilledReplication,
  type Replication,
  subscribe,
  unsubscribe,
  untilCopied,
} from '../sides/replication.ts';

/**
 * From the statement that configures the copy until its last row is visible in a target that was empty. Both sides make
 * their connections in that time; the server's process is running already, as PostgreSQL's is.
 */
export const firstCopy: Figure = {
  name: 'first-copy',
  measure: async (bench) => {
    const { rows, seed } = bench.options;
    const internal = await createInternal(bench);
    await fillInternal(internal, seed, rows);
    const replication = await createFilledReplication(bench);
    const seconds = await interleaved(bench, {
      hexclave: () => copyWithHexclave(bench, internal),
      replication: () => copyWithReplication(bench, replication),
    });
    await replication.drop();
    await internal.drop();
    return [
      atLeast(1, {
        name: 'first-copy',
        unit: 'rows/s',
        value: rows / median(seconds.hexclave),
        baseline: rows / median(seconds.replication),
        against: "logical replication's initial copy",
      }),
    ];
  },
};

/** Seconds of one first copy. `port`: the engine goes through a proxy. */
export async function copyWithHexclave(bench: Bench, internal: Internal, port?: number): Promise<number> {
  const external = await createExternal(bench);
  await checkpoint(bench);
  const seconds = await withEngine(bench, async (engine) => {
    await engine.call('start', internal.connectionString);
    const started = performance.now();
    await attach(internal, external, port);
    await untilApplied(bench, external, 0n);
    const elapsed = (performance.now() - started) / 1000;
    await expectRows(external.db, TARGET_TABLE, bench.options.rows);
    return elapsed;
  });
  await detach(internal, external);
  return seconds;
}

async function copyWithReplication(bench: Bench, replication: Replication): Promise<number> {
  await replication.target.db.query('TRUNCATE bench_rows');
  await checkpoint(bench);
  const started = performance.now();
  await subscribe(replication);
  await untilCopied(bench, replication, 'visible');
  const elapsed = (performance.now() - started) / 1000;
  await expectRows(replication.target.db, 'bench_rows', bench.options.rows);
  await untilCopied(bench, replication, 'streaming');
  await unsubscribe(replication);
  return elapsed;
}
