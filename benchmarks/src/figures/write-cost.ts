import type { Bench } from '../bench.ts';
import { atLeast, type Figure } from '../figure.ts';
import { interleaved } from '../measure/rounds.ts';
import { median } from '../measure/statistics.ts';
import type { WriteJob } from '../processes/load.ts';
import { type BenchDatabase, checkpoint } from '../sides/databases.ts';
import { lastNumber, number, TABLE, untilApplied, withEngine } from '../sides/hexclave.ts';
import {
  createReplication,
  pause,
  type Replication,
  resume,
  subscribe,
  untilCopied,
  untilReplayed,
} from '../sides/replication.ts';
import { rowsSql, tenancyTableSql } from '../workload/rows.ts';
import { type CaughtUp, createCaughtUp } from './catch-up.ts';

const CLIENTS = 8;
const MILLISECONDS = { quick: 400, full: 5_000 };
const KINDS = ['insert', 'update'] as const;
type Kind = (typeof KINDS)[number];
type Side = 'uncaptured' | 'captured' | 'delivering' | 'replicating';

/** The same table without triggers, capture's columns and its indexes. */
const UNCAPTURED = 'bench_uncaptured';

/**
 * Writes a second by eight clients with single-row transactions: into a table that nothing is captured of, into a
 * captured one while no server runs, into the same while everything is delivered at once, and, for comparison, into one
 * that logical replication delivers.
 */
export const writeCost: Figure = {
  name: 'write-cost',
  measure: async (bench) => {
    const ours = await createCaughtUp(bench);
    const replication = await createUncaptured(bench);
    const results = [];
    for (const kind of KINDS) results.push(...(await measureKind(bench, kind, ours, replication)));
    await replication.drop();
    await ours.drop();
    return results;
  },
};

async function createUncaptured(bench: Bench): Promise<Replication & { tenancyId: string }> {
  const { seed, rows } = bench.options;
  const replication = await createReplication(bench, UNCAPTURED, tenancyTableSql(UNCAPTURED));
  const [tenancy] = await replication.source.db.query<{ id: string }>('SELECT gen_random_uuid() AS id');
  const tenancyId = tenancy?.id ?? '';
  await replication.source.db.query(`INSERT INTO ${UNCAPTURED} SELECT $1, r.* FROM (${rowsSql(seed, 1, rows)}) r`, [
    tenancyId,
  ]);
  await replication.source.db.query(`VACUUM (ANALYZE) ${UNCAPTURED}`);
  await subscribe(replication);
  await untilCopied(bench, replication, 'streaming');
  await pause(replication);
  return { ...replication, tenancyId };
}

async function measureKind(bench: Bench, kind: Kind, ours: CaughtUp, replication: Replication & { tenancyId: string }) {
  const { internal } = ours;
  const captured = () => write(bench, kind, internal, TABLE, internal.tenancyId);
  const uncaptured = () => write(bench, kind, replication.source, UNCAPTURED, replication.tenancyId);
  const speeds = await interleaved<Side>(bench, {
    uncaptured,
    captured,
    delivering: () => whileDelivering(bench, ours, captured),
    replicating: () => whileReplicating(bench, replication, uncaptured),
  });
  const off = median(speeds.uncaptured);
  const left = median(speeds.replicating) / off;
  return [
    atLeast(0.85, {
      name: `writes-captured-${kind}`,
      unit: 'writes/s',
      value: median(speeds.captured),
      baseline: off,
      against: 'without capture',
    }),
    atLeast(Number(left.toFixed(2)), {
      name: `writes-delivering-${kind}`,
      unit: 'writes/s',
      value: median(speeds.delivering),
      baseline: off,
      against: 'without capture (what logical replication leaves)',
    }),
  ];
}

let jobs = 0;

async function write(
  bench: Bench,
  kind: Kind,
  { connectionString }: BenchDatabase,
  table: string,
  tenancyId: string,
): Promise<number> {
  const { quick, rows, seed } = bench.options;
  const job: WriteJob = {
    ...{ connectionString, table, tenancyId, kind, rows, seed },
    clients: CLIENTS,
    milliseconds: MILLISECONDS[quick ? 'quick' : 'full'],
    run: ++jobs,
  };
  await checkpoint(bench);
  return bench.load().call('write', job);
}

/** Nothing may be left over from earlier rounds: the rate must be one at which changes are new. */
async function whileDelivering(
  bench: Bench,
  { internal, external }: CaughtUp,
  work: () => Promise<number>,
): Promise<number> {
  await number(internal.db);
  const numbered = await lastNumber(internal.db);
  return withEngine(bench, async (engine) => {
    await engine.call('start', internal.connectionString);
    await untilApplied(bench, external, numbered);
    return work();
  });
}

async function whileReplicating(bench: Bench, replication: Replication, work: () => Promise<number>): Promise<number> {
  await resume(replication);
  await untilReplayed(bench, replication);
  const speed = await work();
  await pause(replication);
  return speed;
}
