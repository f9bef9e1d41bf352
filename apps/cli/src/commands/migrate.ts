import type { Database } from '@hexclave/db';
import type { Drift, MigrationProgress, MigrationState } from '@hexclave/migrations';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { command } from '../declare/command.ts';
import { flag } from '../declare/values.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { counted, duration, moment } from '../output/words.ts';

const shape = z.object({
  applied: z.array(z.string()),
  migrations: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['applied', 'pending', 'unknown']),
      applied_at_millis: z.number().nullable(),
    }),
  ),
  drift: z.array(z.object({ object: z.string(), state: z.enum(['missing', 'changed', 'unexpected']) })).nullable(),
});

export const migrate = command({
  name: 'migrate',
  summary: 'Bring the internal database up to date',
  details:
    'The database is the one in HEXCLAVE_DATABASE_CONNECTION_STRING; in development, without it, the PostgreSQL from npm. A server does the same when it starts. Any number may run at once.',
  options: { list: flag('--list', 'changes nothing, and lists what is applied and what is not') },
  json: {
    words:
      '`{applied, migrations, drift}`: the names of those that were applied now; all with their `state` (`applied`, `pending`, or `unknown`: of a newer version); and what in the database is not as they made it (`null`: not compared, as it is only with --list and when all are applied).',
    schema: shape,
  },
  failsWhen: 'with --list, some are pending, or the database is not as they made it.',
  run: async ({ options }, context) => {
    const { withInternalDatabase } = await import('../internal-database.ts');
    const { applied, migrations, drift, difference } = await withInternalDatabase(context, async (database) => {
      await check(database, context);
      return options.list ? look(database, context) : bringUpToDate(database, context);
    });
    return {
      json: { applied, migrations: migrations.map(toJson), drift },
      text: (styles) => (options.list ? listed(migrations, difference, styles) : summarised(applied)),
      exitCode: drift?.length || migrations.some(({ state }) => state === 'pending') ? 1 : 0,
    };
  },
});

type Found = {
  applied: string[];
  migrations: MigrationState[];
  /** null: not compared. */
  drift: Drift[] | null;
  /** In words, with what to do. */
  difference?: string | undefined;
};

async function check(database: Database, { note }: Context): Promise<void> {
  const { checkInternalDatabase } = await import('@hexclave/server');
  await checkInternalDatabase(database, { patienceMs: 0, signal: new AbortController().signal, say: note });
}

async function look(database: Database, { assets }: Context): Promise<Found> {
  const { DRIFT_REMEDY, describeDrift, findDrift, listMigrations } = await import('@hexclave/migrations');
  const options = { directory: assets.migrationsDirectory };
  const migrations = await listMigrations(database, options);
  const report = await findDrift(database, options);
  if (!report.comparable) return { applied: [], migrations, drift: null };
  const { drift } = report;
  const difference = drift.length === 0 ? undefined : `${printable(describeDrift(drift))}\n→ ${DRIFT_REMEDY}`;
  return { applied: [], migrations, drift, difference };
}

async function bringUpToDate(database: Database, { assets, note, errorStyles }: Context): Promise<Found> {
  const { VERSION } = await import('@hexclave/server');
  const { describeFilling, listMigrations, migrate: apply } = await import('@hexclave/migrations');
  const directory = assets.migrationsDirectory;
  const onProgress = (progress: MigrationProgress) => {
    if (progress.phase === 'waiting') note(errorStyles.dim(`Waiting: ${progress.reason}`));
    if (progress.phase === 'filling') note(`${progress.name} fills rows: ${describeFilling(progress)}`);
    if (progress.phase === 'applied')
      note(`${errorStyles.green('✓')} ${progress.name} ${duration(progress.durationMs)}`);
  };
  const { applied } = await apply(database, { directory, version: VERSION, onProgress });
  return { applied, migrations: await listMigrations(database, { directory }), drift: null };
}

function toJson({ name, state, applied }: MigrationState) {
  return { name, state, applied_at_millis: applied?.appliedAt.getTime() ?? null };
}

const STATES = {
  applied: 'applied',
  pending: 'pending',
  unknown: 'applied by a newer version',
} as const;

function listed(
  migrations: readonly MigrationState[],
  difference: string | undefined,
  styles: Context['styles'],
): string {
  const rows = migrations.map(({ name, state, applied }) => [
    name,
    { text: STATES[state], style: state === 'applied' ? styles.green : styles.yellow },
    applied === undefined ? '' : moment(applied.appliedAt.getTime()),
  ]);
  const shown = table([{ name: 'MIGRATION' }, { name: 'STATE' }, { name: 'SINCE' }], rows, styles);
  return difference === undefined ? shown : `${shown}\n\n${styles.yellow(difference)}`;
}

function summarised(applied: readonly string[]): string {
  return applied.length === 0 ? 'The database was up to date.' : `Applied ${counted(applied.length, 'migration')}.`;
}
