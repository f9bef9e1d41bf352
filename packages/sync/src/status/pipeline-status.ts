import type { Queryable } from '@hexclave/db';
import type { BacklogSql } from '../compile/backlog.ts';
import { SEQUENCER_LOCK_KEY } from '../compile/sequencing.ts';
import { type Fusebox, readFusebox } from './fusebox.ts';
import { latest, rateOf } from './judge.ts';
import { type PipelineProcess, readProcesses } from './processes.ts';
import { type QueueStatus, readQueue } from './requests.ts';
import type { PendingRows } from './tenancies.ts';

/** Who holds the sequencer's lock: only while rows are being numbered. */
export type LockHolder = {
  readonly processId: number;
  readonly applicationName: string;
  readonly clientAddress: string | null;
  readonly since: Date;
};

/** The pipeline of all tenancies. Counts stop at {@link PIPELINE_LIMIT}. */
export type PipelineStatus = {
  readonly at: Date;
  readonly fusebox: Fusebox;
  readonly pending: readonly PendingRows[];
  readonly lastNumber: bigint;
  readonly numberedPerSecond: number;
  readonly appliedPerSecond: number;
  readonly lock: LockHolder | null;
  readonly queue: QueueStatus;
  readonly sequencerRanAt: Date | null;
  readonly pollerRanAt: Date | null;
  /** Those that were seen lately. */
  readonly processes: readonly PipelineProcess[];
};

export const PIPELINE_LIMIT = 10_000;

/** Numbers since the sample before the last seconds; rows between the last two samples, as nobody counts them in between. */
const RATES = `
  SELECT n."lastNumber" AS "number", s."at", s."lastNumber" AS "numberThen", a."rowsApplied", a."at" AS "appliedAt",
    b."rowsApplied" AS "rowsThen", b."at" AS "appliedThen"
  FROM (SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS "lastNumber" FROM "global_seq_id") n
  LEFT JOIN LATERAL (SELECT * FROM "PipelineSample" WHERE "at" < now() - interval '5 seconds' ORDER BY "at" DESC LIMIT 1) s ON true
  LEFT JOIN LATERAL (SELECT * FROM "PipelineSample" ORDER BY "at" DESC LIMIT 1) a ON a."at" > now() - interval '1 minute'
  LEFT JOIN LATERAL (SELECT * FROM "PipelineSample" ORDER BY "at" DESC OFFSET 1 LIMIT 1) b ON true`;

type RatesRow = {
  number: bigint;
  at: Date | null;
  numberThen: bigint | null;
  rowsApplied: bigint | null;
  appliedAt: Date | null;
  rowsThen: bigint | null;
  appliedThen: Date | null;
};

/** An advisory lock's 64-bit key stands in two columns. */
const LOCK = `
  SELECT a.pid AS "processId", a.application_name AS "applicationName", host(a.client_addr) AS "clientAddress",
    COALESCE(a.xact_start, a.query_start, now()) AS since
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint = ${SEQUENCER_LOCK_KEY}
  LIMIT 1`;

export async function readPipeline(tx: Queryable, sql: BacklogSql): Promise<PipelineStatus> {
  const { at, fusebox } = await readFusebox(tx);
  const pending = await tx.query<{ table: string; rows: bigint }>(sql.pending, [PIPELINE_LIMIT]);
  const [rates] = await tx.query<RatesRow>(RATES);
  const [lock] = await tx.query<LockHolder>(LOCK);
  const queue = await readQueue(tx, PIPELINE_LIMIT);
  const processes = await readProcesses(tx);
  return {
    ...{ at, fusebox, queue },
    pending: pending.map(({ table, rows }) => ({ table, rows: Number(rows) })),
    lastNumber: rates?.number ?? 0n,
    ...ratesOf(rates, at),
    lock: lock ?? null,
    sequencerRanAt: latest(processes.map(({ sequencerRanAt }) => sequencerRanAt)),
    pollerRanAt: latest(processes.map(({ pollerRanAt }) => pollerRanAt)),
    processes: processes.filter(({ isAlive }) => isAlive),
  };
}

function ratesOf(row: RatesRow | undefined, at: Date) {
  const numbered = row?.at == null ? 0 : rateOf(Number(row.number - (row.numberThen ?? 0n)), row.at, at);
  const applied =
    row?.appliedAt == null || row.appliedThen === null
      ? 0
      : rateOf(Number((row.rowsApplied ?? 0n) - (row.rowsThen ?? 0n)), row.appliedThen, row.appliedAt);
  return { numberedPerSecond: numbered, appliedPerSecond: applied };
}
