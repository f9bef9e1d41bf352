import type { Profile, ProfileVerdict } from '@hexclave/contract';
import type { ProjectApi } from '../../api.ts';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { flag } from '../../declare/values.ts';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.ts';
import { createProgress } from '../../output/progress.ts';
import { databaseArgument, mappingOption } from './arguments.ts';
import { projectApiOf } from './project-api.ts';
import { describeProfile } from './show-profile.ts';

export const profile = command({
  name: 'profile',
  summary: 'Measure what the statements of a copy cost, on real rows',
  details:
    'Each is run once in a transaction that is rolled back, and waits for nobody’s locks. Names indexes that are missing, and what has become slower than in the profiles before.',
  args: { database: databaseArgument },
  options: {
    mapping: mappingOption,
    plan: flag('--plan', 'shows the plans too'),
    fireTriggers: flag(
      '--fire-triggers',
      'lets triggers of the external database fire: what they do outside of the transaction is not rolled back',
    ),
  },
  examples: ['hexclave db-sync profile main', 'hexclave db-sync profile main --mapping users --plan'],
  json: { words: 'the profile of each table.', route: 'profileExternalDatabase' },
  failsWhen: 'something is wrong with a statement: each line below the table says what, and what to do.',
  run: async ({ args, options }, context) => {
    const result = await profileAll(args.database, options, await projectApiOf(context), context);
    return {
      json: result,
      text: (styles) => describeProfile(result, options.plan, styles),
      exitCode: exitCodeOf(result),
    };
  },
});

type Options = { readonly mapping: string | undefined; readonly fireTriggers: boolean };

/** Table by table, so that it shows how far it is. */
async function profileAll(database: string, options: Options, target: ProjectApi, context: Context): Promise<Profile> {
  const names = options.mapping === undefined ? await tablesOf(database, target) : [options.mapping];
  const progress = createProgress('tables', context);
  const profiles: Profile[] = [];
  try {
    // A database that the status does not know is asked for all the same: the answer says what is the matter.
    for (const mapping of names.length === 0 ? [undefined] : names) {
      progress.show(profiles.length, names.length, mapping ?? database);
      const body = { external_database_id: database, mapping, fire_triggers: options.fireTriggers };
      const { api, query } = target;
      profiles.push(
        await api.call('profileExternalDatabase', { query, body }, { signal: context.signal, timeoutMs: WAIT_MS }),
      );
    }
  } finally {
    progress.end();
  }
  const verdict = VERDICTS.find((one) => profiles.some((each) => each.verdict === one)) ?? 'good';
  return { external_database_id: database, verdict, mappings: profiles.flatMap(({ mappings }) => mappings) };
}

/** A table takes a second at most, and as long as the server's bounds where it is in trouble. */
const WAIT_MS = 120_000;

/** The worst first. */
const VERDICTS: readonly ProfileVerdict[] = ['bad', 'unknown', 'warning', 'good'];

async function tablesOf(database: string, { api, query }: ProjectApi): Promise<string[]> {
  const status = await api.call('getSyncStatus', { query: { scope: 'tenancy', ...query } });
  if (status.scope !== 'tenancy') return [];
  return status.external_databases.find(({ id }) => id === database)?.mappings.map(({ mapping }) => mapping) ?? [];
}

function exitCodeOf({ mappings }: Profile): ExitCode {
  const statements = mappings.flatMap((mapping) => mapping.statements);
  if (statements.some(({ findings }) => findings.length > 0)) return EXIT_CODES.found.code;
  return statements.some(({ outcome }) => outcome === 'failed') ? EXIT_CODES.unfinished.code : EXIT_CODES.done.code;
}
