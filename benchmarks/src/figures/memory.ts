import { type Figure, limited } from '../figure.ts';
import { peakResidentMiB } from '../measure/process-usage.ts';
import { expectRows } from '../measure/rounds.ts';
import { checkpoint } from '../sides/databases.ts';
import {
  attach,
  createExternal,
  createInternal,
  detach,
  fillInternal,
  TARGET_TABLE,
  untilApplied,
  withEngine,
} from '../sides/hexclave.ts';

const ROWS = { quick: 100_000, full: 1_000_000 };
const LIMIT_MIB = 200;

/** The most resident memory of the pipeline's process while it makes a first copy, Node.js itself included. */
export const memory: Figure = {
  name: 'memory',
  measure: async (bench) => {
    const rows = ROWS[bench.options.quick ? 'quick' : 'full'];
    bench.progress.note(`memory: filling in ${rows} rows`);
    const internal = await createInternal(bench);
    await fillInternal(internal, bench.options.seed, rows);
    const external = await createExternal(bench);
    await checkpoint(bench);
    bench.progress.note('memory: copying');
    const peak = await withEngine(bench, async (engine) => {
      await engine.call('start', internal.connectionString);
      return peakResidentMiB(engine.pid, async () => {
        await attach(internal, external);
        await untilApplied(bench, external, 0n);
      });
    });
    await expectRows(external.db, TARGET_TABLE, rows);
    await detach(internal, external);
    await internal.drop();
    return [limited('memory', peak, 'MiB', LIMIT_MIB)];
  },
};
