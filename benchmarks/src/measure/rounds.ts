import type { Database } from '@hexclave/db';
import type { Bench } from '../bench.ts';

/** Measures every side once a round, in turns (A, B, A, B, …), so that a change of the machine's mood meets all of them. */
export async function interleaved<Side extends string, Value = number>(
  bench: Bench,
  sides: Readonly<Record<Side, () => Promise<Value>>>,
): Promise<Record<Side, Value[]>> {
  const names = Object.keys(sides) as Side[];
  const values = Object.fromEntries(names.map((name) => [name, [] as Value[]])) as Record<Side, Value[]>;
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const name of names) {
      bench.signal.throwIfAborted();
      bench.progress.note(`${name}, round ${round} of ${bench.options.rounds}`);
      values[name].push(await sides[name]());
    }
  }
  return values;
}

/** A time counts only when the work was done. */
export async function expectRows(db: Database, table: string, rows: number, where = 'true'): Promise<void> {
  const [found] = await db.query<{ count: bigint }>(`SELECT count(*) FROM ${table} WHERE ${where}`);
  if (found?.count !== BigInt(rows)) throw new Error(`${table} has ${found?.count} rows instead of ${rows} (${where})`);
}
