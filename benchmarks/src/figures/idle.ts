import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { type Figure, limited } from '../figure.ts';
import { cpuMs } from '../measure/process-usage.ts';
import { statementsRun } from '../measure/statements.ts';
import type { BenchDatabase } from '../sides/databases.ts';
import {
  attach,
  createExternal,
  createInternal,
  detach,
  type Internal,
  untilApplied,
  withEngine,
} from '../sides/hexclave.ts';

const TENANCIES = 10_000;
const EXTERNAL_DATABASES = 3;
/** From the first delivery until the pauses between polls have reached their longest. */
const SETTLE_MS = 2_000;
const WATCH_MS = { quick: 8_000, full: 30_000 };

/** A server with many tenancies, of which some have an external database, while nothing happens. */
export const idle: Figure = {
  name: 'idle',
  measure: async (bench) => {
    bench.progress.note('idle: watching');
    const internal = await createInternal(bench);
    await addTenancies(internal);
    const externals: BenchDatabase[] = [];
    for (let count = 0; count < EXTERNAL_DATABASES; count++) externals.push(await createExternal(bench));
    const { cpuPercent, statements } = await watch(bench, internal, externals);
    for (const external of externals) await detach(internal, external);
    await internal.drop();
    return [
      limited('idle-cpu', cpuPercent, '% of a core', 1),
      limited('idle-statements', statements, 'statements/s', 5),
    ];
  },
};

async function addTenancies({ db }: Internal): Promise<void> {
  await db.query(
    `INSERT INTO "Project" ("id", "displayName") SELECT 'project-' || n, 'Project ' || n FROM generate_series(1, ${TENANCIES}) n`,
  );
  await db.query(`INSERT INTO "Tenancy" ("projectId") SELECT 'project-' || n FROM generate_series(1, ${TENANCIES}) n`);
  await db.query('VACUUM (ANALYZE) "Tenancy"');
}

async function watch(bench: Bench, internal: Internal, externals: readonly BenchDatabase[]) {
  return withEngine(bench, async (engine) => {
    await engine.call('start', internal.connectionString);
    for (const external of externals) {
      await attach(internal, external);
      await untilApplied(bench, external, 0n);
    }
    await delay(SETTLE_MS, undefined, { signal: bench.signal });
    const statementsBefore = await statementsRun(internal.db);
    const [started, cpuBefore] = [performance.now(), await cpuMs(engine.pid)];
    await delay(WATCH_MS[bench.options.quick ? 'quick' : 'full'], undefined, { signal: bench.signal });
    const [elapsedMs, usedMs] = [performance.now() - started, (await cpuMs(engine.pid)) - cpuBefore];
    const statements = (await statementsRun(internal.db)) - statementsBefore;
    return { cpuPercent: (usedMs / elapsedMs) * 100, statements: statements / (elapsedMs / 1000) };
  });
}
