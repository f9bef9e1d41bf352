import { setTimeout as delay } from 'node:timers/promises';
import type { Verification } from '@hexclave/contract';
import type { ProjectApi } from '../../api.ts';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { flag } from '../../declare/values.ts';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.ts';
import { createProgress } from '../../output/progress.ts';
import { databaseArgument, mappingOption } from './arguments.ts';
import { projectApiOf } from './project-api.ts';
import { describeVerification } from './show-verification.ts';

const ASK_EVERY_MS = 300;

export const verify = command({
  name: 'verify',
  summary: 'Compare an external database with its source',
  details:
    'Rows whose changes are on their way are no differences. Ctrl-C leaves the run to the server, which finishes it.',
  args: { database: databaseArgument },
  options: {
    mapping: mappingOption,
    repair: flag('--repair', 'puts right what is different, and nothing else'),
    detach: flag('--detach', 'queues the run and ends at once'),
  },
  examples: ['hexclave db-sync verify main', 'hexclave db-sync verify main --mapping users --repair'],
  json: { words: 'the verification.', route: 'getVerification' },
  failsWhen: 'rows are different, and still are after a repair.',
  run: async ({ args, options }, context) => {
    const target = await projectApiOf(context);
    const { mapping, repair } = options;
    const body = { external_database_id: args.database, mapping, repair };
    const queued = await target.api.call('startVerification', { query: target.query, body });
    const run = options.detach ? queued : await follow(queued, target, context);
    return {
      json: run,
      text: (styles) => (options.detach ? `Queued: ${run.id}` : describeVerification(run, styles)),
      exitCode: options.detach ? 0 : exitCodeOf(run),
    };
  },
});

async function follow(queued: Verification, { api, query }: ProjectApi, context: Context): Promise<Verification> {
  const progress = createProgress('rows', context);
  let run = queued;
  try {
    while (run.state === 'queued' || run.state === 'running') {
      progress.show(run.rows_compared, run.rows_expected, run.mappings.at(-1)?.mapping ?? 'waiting');
      await delay(ASK_EVERY_MS, undefined, { signal: context.signal });
      run = await api.call('getVerification', { query, params: { verification_id: run.id } });
    }
    return run;
  } finally {
    progress.end();
  }
}

function exitCodeOf(run: Verification): ExitCode {
  if (run.state === 'failed' || run.mappings.some(({ state }) => state === 'skipped'))
    return EXIT_CODES.unfinished.code;
  return run.mappings.some(({ remaining }) => remaining > 0) ? EXIT_CODES.found.code : EXIT_CODES.done.code;
}
