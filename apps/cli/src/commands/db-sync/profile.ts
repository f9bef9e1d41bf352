import type { Profile } from '@hexclave/contract';
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

/** In one request, whose answer tells of each statement as it is measured. Ctrl-C ends it, in both databases too. */
async function profileAll(
  database: string,
  { mapping, fireTriggers }: Options,
  { api, query }: ProjectApi,
  context: Context,
): Promise<Profile> {
  const body = { external_database_id: database, mapping, fire_triggers: fireTriggers };
  const progress = createProgress('statements', context);
  try {
    return await api.call(
      'profileExternalDatabase',
      { query, body },
      {
        ...{ signal: context.signal, timeoutMs: STEP_MS, maxAttempts: 1 },
        onStep: ({ mapping: table, statement, done, total }) =>
          progress.show(done, total, `${table} ${statement.statement}`),
      },
    );
  } finally {
    progress.end();
  }
}

/** For one statement: as long as the server's bounds where a database is in trouble, and other profiles before it. */
const STEP_MS = 120_000;

function exitCodeOf({ mappings }: Profile): ExitCode {
  const statements = mappings.flatMap((mapping) => mapping.statements);
  if (statements.some(({ findings }) => findings.length > 0)) return EXIT_CODES.found.code;
  return statements.some(({ outcome }) => outcome === 'failed') ? EXIT_CODES.unfinished.code : EXIT_CODES.done.code;
}
