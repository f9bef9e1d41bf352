import type { Bench } from '../bench.ts';
import { atMost, type Figure } from '../figure.ts';
import { interleaved } from '../measure/rounds.ts';
import { median, quantile } from '../measure/statistics.ts';
import { checkpoint } from '../sides/databases.ts';
import { TABLE, TARGET_TABLE, untilApplied, withEngine } from '../sides/hexclave.ts';
import {
  createFilledReplication,
  pause,
  type Replication,
  resume,
  subscribe,
  untilCopied,
  untilReplayed,
} from '../sides/replication.ts';
import { type CaughtUp, createCaughtUp } from './catch-up.ts';

const CHANGES = { quick: 40, full: 300 };
/** Fewer changes in a small trial run. */
const ROWS_PER_CHANGE = 25;
const WARM_UP_CHANGES = 5;
/** Long enough apart for the pipeline to fall asleep between some of them, and short enough to find it awake at others. */
const PAUSE_MS = { quick: { from: 2, to: 50 }, full: { from: 2, to: 80 } };

/** Single changes at random moments: from sending COMMIT until the target's own commit announces the new value. */
export const latency: Figure = {
  name: 'latency',
  measure: async (bench) => {
    const ours = await createCaughtUp(bench);
    const replication = await createFilledReplication(bench);
    await subscribe(replication);
    await untilCopied(bench, replication, 'streaming');
    await pause(replication);
    const rounds = await interleaved<'hexclave' | 'replication', number[]>(bench, {
      hexclave: () => latenciesOfHexclave(bench, ours),
      replication: () => latenciesOfReplication(bench, replication),
    });
    await replication.drop();
    await ours.drop();
    return [0.5, 0.99].map((p) =>
      atMost(2, {
        name: `latency-p${p * 100}`,
        unit: 'ms',
        value: median(rounds.hexclave.map((values) => quantile(values, p))),
        baseline: median(rounds.replication.map((values) => quantile(values, p))),
        against: "logical replication's",
      }),
    );
  },
};

async function latenciesOfHexclave(bench: Bench, { internal, external }: CaughtUp): Promise<number[]> {
  await checkpoint(bench);
  return withEngine(bench, async (engine) => {
    await engine.call('start', internal.connectionString);
    await untilApplied(bench, external, 0n);
    return measure(bench, {
      source: internal.connectionString,
      target: external.connectionString,
      updateSql: `UPDATE ${TABLE} SET display_name = $1 WHERE "tenancyId" = '${internal.tenancyId}' AND id = $2`,
      targetTable: TARGET_TABLE,
    });
  });
}

async function latenciesOfReplication(bench: Bench, replication: Replication): Promise<number[]> {
  await checkpoint(bench);
  await resume(replication);
  await untilReplayed(bench, replication);
  const latencies = await measure(bench, {
    source: replication.source.connectionString,
    target: replication.target.connectionString,
    updateSql: 'UPDATE bench_rows SET display_name = $1 WHERE id = $2',
    targetTable: 'bench_rows',
  });
  await pause(replication);
  return latencies;
}

type Side = { source: string; target: string; updateSql: string; targetTable: string };

let jobs = 0;

async function measure(bench: Bench, side: Side): Promise<number[]> {
  const { quick, rows, seed } = bench.options;
  const size = quick ? 'quick' : 'full';
  const job = { ...side, rows, seed, pauseMs: PAUSE_MS[size] };
  const changes = Math.min(CHANGES[size], Math.ceil(rows / ROWS_PER_CHANGE));
  await bench.load().call('latencies', { ...job, changes: WARM_UP_CHANGES, run: ++jobs });
  return bench.load().call('latencies', { ...job, changes, run: ++jobs });
}
