import type { Bench } from '../bench.ts';
import { atMost, type Figure, type FigureResult } from '../figure.ts';
import { blocksTouched } from '../measure/statements.ts';
import { median } from '../measure/statistics.ts';
import { checkpoint } from '../sides/databases.ts';
import { type Internal, lastNumber, number, TABLE, untilApplied, withEngine } from '../sides/hexclave.ts';
import { rowId, seededRandom } from '../workload/rows.ts';
import { type CaughtUp, createCaughtUp } from './catch-up.ts';

const SMALL_ROWS = 10_000;
const LARGE = { quick: { rows: 100_000, tombstones: 10_000 }, full: { rows: 1_000_000, tombstones: 100_000 } };
const BATCHES = { quick: 15, full: 60 };
const ROWS_PER_BATCH = 100;

/**
 * What one changed row costs, end to end, when it is one of few and when it is one of many. Time, in batches that take
 * turns between the two; and blocks that the internal database looks at for it, which no other load of the machine
 * changes.
 */
export const costPerChange: Figure = {
  name: 'cost-per-change',
  measure: async (bench) => {
    const size = bench.options.quick ? 'quick' : 'full';
    const large = LARGE[size];
    bench.progress.note(`cost per change: filling in ${large.rows} rows`);
    const few = await createCaughtUp(bench, SMALL_ROWS);
    const many = await createCaughtUp(bench, large.rows + large.tombstones);
    await deleteLast(bench, many, large);
    const costs = await measureInTurns(bench, { few, many }, { few: SMALL_ROWS, many: large.rows }, BATCHES[size]);
    await few.drop();
    await many.drop();
    return describe(costs);
  },
};

const SIDES = ['few', 'many'] as const;
type Side = (typeof SIDES)[number];
type Costs = { readonly micros: number[]; readonly blocks: number[] };

function describe({ few, many }: Record<Side, Costs>): FigureResult[] {
  const compare = (name: string, unit: string, pick: (costs: Costs) => number[]) =>
    atMost(1.3, { name, unit, value: median(pick(many)), baseline: median(pick(few)), against: 'in a small table' });
  return [
    compare('cost-per-change-time', 'µs', (costs) => costs.micros),
    compare('cost-per-change-blocks', 'blocks', (costs) => costs.blocks),
  ];
}

/** Deletes the rows past the first `rows`, and lets that be delivered: their tombstones stay. */
async function deleteLast(
  bench: Bench,
  { internal, external }: CaughtUp,
  { rows, tombstones }: { rows: number; tombstones: number },
): Promise<void> {
  const ids = Array.from({ length: tombstones }, (_, index) => rowId(bench.options.seed, rows + 1 + index));
  await internal.db.query(`DELETE FROM ${TABLE} WHERE "tenancyId" = $1 AND id = ANY ($2::uuid[])`, [
    internal.tenancyId,
    ids,
  ]);
  await number(internal.db);
  const last = await lastNumber(internal.db);
  await withEngine(bench, async (engine) => {
    await engine.call('start', internal.connectionString);
    await untilApplied(bench, external, last);
  });
  await internal.db.query('VACUUM (ANALYZE) "DeletedRow"');
}

async function measureInTurns(
  bench: Bench,
  sides: Record<Side, CaughtUp>,
  rows: Record<Side, number>,
  batches: number,
): Promise<Record<Side, Costs>> {
  const costs: Record<Side, Costs> = { few: { micros: [], blocks: [] }, many: { micros: [], blocks: [] } };
  const random = seededRandom(bench.options.seed);
  const add = async (side: Side) => {
    const { micros, blocks } = await costOfBatch(bench, sides[side], rows[side], random);
    costs[side].micros.push(micros);
    costs[side].blocks.push(blocks);
  };
  await checkpoint(bench);
  await withEngine(bench, (first) =>
    withEngine(bench, async (second) => {
      await first.call('start', sides.few.internal.connectionString);
      await second.call('start', sides.many.internal.connectionString);
      // The first batch of each opens connections and is not counted.
      for (const side of SIDES) await costOfBatch(bench, sides[side], rows[side], random);
      for (let batch = 0; batch < batches; batch++) for (const side of SIDES) await add(side);
    }),
  );
  return costs;
}

/** Changes random rows in one transaction; per row, the time until all are visible, and the blocks touched for it. */
async function costOfBatch(bench: Bench, { internal, external }: CaughtUp, rows: number, random: () => number) {
  const numbers = new Set<number>();
  while (numbers.size < ROWS_PER_BATCH) numbers.add(1 + Math.floor(random() * rows));
  const ids = [...numbers].map((n) => rowId(bench.options.seed, n));
  const before = await lastNumber(internal.db);
  const blocksBefore = await blocksTouched(internal.db);
  await changeRows(internal, ids, `User ${random()}`);
  const started = performance.now();
  await untilApplied(bench, external, before + BigInt(ROWS_PER_BATCH), 1);
  const elapsedMs = performance.now() - started;
  const blocks = (await blocksTouched(internal.db)) - blocksBefore;
  return { micros: (elapsedMs * 1000) / ROWS_PER_BATCH, blocks: blocks / ROWS_PER_BATCH };
}

async function changeRows(internal: Internal, ids: readonly string[], name: string): Promise<void> {
  await internal.db.query(
    `UPDATE /* benchmark */ ${TABLE} SET display_name = $3 WHERE "tenancyId" = $1 AND id = ANY ($2::uuid[])`,
    [internal.tenancyId, ids, name],
  );
}
