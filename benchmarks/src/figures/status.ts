import type { StatusQuery } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import { createStatusReader, type StatusReader } from '@hexclave/server';
import { hexclaveCatalog, sampler } from '@hexclave/sync';
import { fillInstallation, type InstallationSize, LARGE } from '@hexclave/testing/installation';
import type { Bench } from '../bench.ts';
import { type Figure, type FigureResult, limited } from '../figure.ts';
import { interleaved } from '../measure/rounds.ts';
import { median } from '../measure/statistics.ts';
import { createInternal } from '../sides/hexclave.ts';
import { countProject, countProjects } from '../sides/plain-counts.ts';

const FULL: InstallationSize = { tenancies: 10_000, users: 1_000_000, tombstones: 100_000 };
const QUICK: InstallationSize = { tenancies: 1_000, users: 100_000, tombstones: 10_000 };

/** An answer may take so long, in ms. */
const LIMIT_MS = 50;
const CALLS = 30;
const FEW_FAILING = 25;

const PAGE: StatusQuery = { scope: 'all', limit: 50, sort: 'state' };

/** How long the status takes where there is most to see, beside counting the same rows with `count(*)`. */
export const status: Figure = {
  name: 'status',
  measure: async (bench) => {
    bench.progress.note('status: filling');
    const internal = await createInternal(bench);
    await fillInstallation(internal.db, bench.options.quick ? QUICK : FULL);
    await sampler(hexclaveCatalog)(internal.db);
    await internal.db.query('VACUUM (ANALYZE)');
    const figures = await measureAll(bench, internal.db);
    await internal.drop();
    return figures;
  },
};

async function measureAll(bench: Bench, db: Database): Promise<FigureResult[]> {
  const reader = createStatusReader(db, hexclaveCatalog);
  const list = () => reader.page(PAGE);
  const plainly = () => countProjects(db, PAGE.limit);
  const quiet = [
    await beside(
      bench,
      'status-project',
      () => reader.projects([LARGE]),
      () => countProject(db, LARGE),
    ),
    await beside(bench, 'status-list', list, plainly),
  ];
  await fail(db, FEW_FAILING);
  const few = await beside(bench, 'status-list-few-failing', list, plainly);
  await fail(db, null);
  const all = await beside(bench, 'status-list-all-failing', list, plainly);
  const looked = await look(bench, reader);
  await letAllLag(db);
  const byLag = () => reader.page({ ...PAGE, sort: 'lag' });
  return [...quiet, few, all, await beside(bench, 'status-list-by-lag-all-failing', byLag, plainly), looked];
}

/** Puts every cursor before some deleted rows, and takes the sample that finds out which have waited for longest. */
async function letAllLag(db: Database): Promise<void> {
  await db.query('UPDATE "ExternalDatabaseMappingState" SET "appliedSequenceId" = 0');
  await db.query('VACUUM (ANALYZE) "ExternalDatabaseMappingState"');
  await db.query(`UPDATE "PipelineSample" SET "at" = "at" - interval '1 minute'`);
  await sampler(hexclaveCatalog)(db);
}

/** What one look for all who follow costs, which is taken once a second, when there is most to tell. */
async function look(bench: Bench, reader: StatusReader): Promise<FigureResult> {
  const { ours } = await interleaved(bench, { ours: () => time(() => reader.followed([])) });
  return limited('status-stream-all-failing', median(ours), 'ms', LIMIT_MS);
}

async function beside(
  bench: Bench,
  name: string,
  read: () => Promise<unknown>,
  plainly: () => Promise<unknown>,
): Promise<FigureResult> {
  const { ours, plain } = await interleaved(bench, { ours: () => time(read), plain: () => time(plainly, 1) });
  return limited(name, median(ours), 'ms', LIMIT_MS, median(plain));
}

/** The median of some calls, in ms, after one that fills the caches. */
async function time(call: () => Promise<unknown>, calls = CALLS): Promise<number> {
  await call();
  const times: number[] = [];
  for (let n = 0; n < calls; n++) {
    const begun = performance.now();
    await call();
    times.push(performance.now() - begun);
  }
  return median(times);
}

/** Lets some external databases fail, or all of them (`null`). */
async function fail(db: Database, count: number | null): Promise<void> {
  await db.query(
    `UPDATE "ExternalDatabaseState" SET "errorCode" = 'TARGET_UNREACHABLE', "errorMessage" = 'The server did not answer', "attempts" = 3,
       "errorRemedy" = 'Start it', "failingSince" = now() - random() * interval '1 hour'
     WHERE "tenancyId" IN (SELECT "tenancyId" FROM "ExternalDatabaseState" ORDER BY md5("tenancyId"::text) LIMIT $1)`,
    [count],
  );
  await db.query('VACUUM (ANALYZE) "ExternalDatabaseState"');
}
