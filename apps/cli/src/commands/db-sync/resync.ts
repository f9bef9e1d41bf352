import { setTimeout as delay } from 'node:timers/promises';
import type { MappingSyncStatus } from '@hexclave/contract';
import type { ProjectApi } from '../../api.ts';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { flag } from '../../declare/values.ts';
import { printable } from '../../output/printable.ts';
import { createProgress } from '../../output/progress.ts';
import { errorLines } from '../../output/sync-words.ts';
import { Problem } from '../../problem.ts';
import { databaseArgument, mappingOption } from './arguments.ts';
import { projectApiOf } from './project-api.ts';

const ASK_EVERY_MS = 500;

export const resync = command({
  name: 'resync',
  summary: 'Copy an external database, or one table of it, anew',
  details:
    'Without emptying it: whoever reads the copy meanwhile never sees fewer rows than there are. Ctrl-C leaves the copy to the server.',
  args: { database: databaseArgument },
  options: { mapping: mappingOption, detach: flag('--detach', 'ends at once') },
  examples: ['hexclave db-sync resync main --mapping users'],
  json: { words: '`{"mappings": […]}`: the tables that are copied anew.', route: 'resyncExternalDatabase' },
  run: async ({ args, options }, context) => {
    const target = await projectApiOf(context);
    const body = { external_database_id: args.database, mapping: options.mapping };
    const reply = await target.api.call('resyncExternalDatabase', { query: target.query, body });
    if (!options.detach) await untilCopied(args.database, reply.mappings, target, context);
    const names = printable(reply.mappings.join(', '));
    return { json: reply, text: () => (options.detach ? `Is copied anew: ${names}` : `Copied anew: ${names}`) };
  },
});

async function untilCopied(
  id: string,
  names: readonly string[],
  { api, query }: ProjectApi,
  context: Context,
): Promise<void> {
  const progress = createProgress('rows', context);
  try {
    for (;;) {
      const status = await api.call('getSyncStatus', { query: { ...query, scope: 'tenancy' } });
      if (status.scope !== 'tenancy') return;
      const database = status.external_databases.find((one) => one.id === id);
      if (database === undefined) return;
      const failure = database.error ?? database.mappings.find(({ error }) => error !== null)?.error;
      if (failure) throw failed(failure, status.at_millis, context);
      const copies = database.mappings.filter((one) => names.includes(one.mapping) && one.phase !== 'stream');
      if (copies.length === 0) return;
      show(copies, progress);
      await delay(ASK_EVERY_MS, undefined, { signal: context.signal });
    }
  } finally {
    progress.end();
  }
}

function show(copies: readonly MappingSyncStatus[], progress: ReturnType<typeof createProgress>): void {
  const copied = copies.reduce((sum, { copy }) => sum + (copy?.rows_copied ?? 0), 0);
  const expected = copies.reduce((sum, { copy }) => sum + (copy?.rows_expected ?? 0), 0);
  progress.show(copied, expected, copies.map(({ mapping }) => mapping).join(', '));
}

function failed(error: NonNullable<MappingSyncStatus['error']>, now: number, { errorStyles }: Context): Problem {
  const [, ...more] = errorLines(error, now, errorStyles);
  return new Problem(
    'unfinished',
    error.code,
    `The copy goes on by itself once this is put right: ${error.message}`,
    more.length === 0 ? undefined : error.remedy,
  );
}
