import type { Database } from '@hexclave/db';
import type { MigrationProgress, MigrationState } from '@hexclave/migrations';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { command } from '../declare/command.ts';
import { flag } from '../declare/values.ts';
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
});

export const migrate = command({
  name: 'migrate',
  summary: 'Bring the internal database up to date',
  details:
    'The database is the one in HEXCLAVE_DATABASE_CONNECTION_STRING; in development, without it, the PostgreSQL from npm. A server does the same when it starts. Any number may run at once.',
  options: { list: flag('--list', 'changes nothing, and lists what is applied and what is not') },
  json: {
    words:
      '`{applied, migrations}`: the names of those that were applied now, and all with their `state` (`applied`, `pending`, or `unknown`: of a newer version).',
    schema: shape,
  },
  failsWhen: 'with --list, some are pending.',
  run: async ({ options }, context) => {
    const { withInternalDatabase } = await import('../internal-database.ts');
    const { applied, migrations } = await withInternalDatabase(context, (database) =>
      bringUpToDate(database, options.list, context),
    );
    return {
      json: { applied, migrations: migrations.map(toJson) },
      text: (styles) => (options.list ? listed(migrations, styles) : summarised(applied)),
      exitCode: migrations.some(({ state }) => state === 'pending') ? 1 : 0,
    };
  },
});

async function bringUpToDate(database: Database, onlyList: boolean, { assets, note, errorStyles }: Context) {
  const { checkInternalDatabase, VERSION } = await import('@hexclave/server');
  const migrations = await import('@hexclave/migrations');
  await checkInternalDatabase(database, { patienceMs: 0, signal: new AbortController().signal, say: note });
  const directory = assets.migrationsDirectory;
  const onProgress = (progress: MigrationProgress) => {
    if (progress.phase === 'waiting') note(errorStyles.dim(`Waiting: ${progress.reason}`));
    if (progress.phase === 'filling') note(`${progress.name} fills rows: ${migrations.describeFilling(progress)}`);
    if (progress.phase === 'applied')
      note(`${errorStyles.green('✓')} ${progress.name} ${duration(progress.durationMs)}`);
  };
  const { applied } = onlyList
    ? { applied: [] }
    : await migrations.migrate(database, { directory, version: VERSION, onProgress });
  return { applied, migrations: await migrations.listMigrations(database, { directory }) };
}

function toJson({ name, state, applied }: MigrationState) {
  return { name, state, applied_at_millis: applied?.appliedAt.getTime() ?? null };
}

const STATES = {
  applied: 'applied',
  pending: 'pending',
  unknown: 'applied by a newer version',
} as const;

function listed(migrations: readonly MigrationState[], styles: Context['styles']): string {
  const rows = migrations.map(({ name, state, applied }) => [
    name,
    { text: STATES[state], style: state === 'applied' ? styles.green : styles.yellow },
    applied === undefined ? '' : moment(applied.appliedAt.getTime()),
  ]);
  return table([{ name: 'MIGRATION' }, { name: 'STATE' }, { name: 'SINCE' }], rows, styles);
}

function summarised(applied: readonly string[]): string {
  return applied.length === 0 ? 'The database was up to date.' : `Applied ${counted(applied.length, 'migration')}.`;
}
