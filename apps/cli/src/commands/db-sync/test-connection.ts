import type { ConnectionTest, ConnectionTestRequest } from '@hexclave/contract';
import type { ProjectApi } from '../../api.ts';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { optionalArgument } from '../../declare/values.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import type { Styles } from '../../output/styles.ts';
import { CONNECTION_OPTIONS, readExternalDatabase } from './connection-options.ts';
import { createStepView } from './connection-steps.ts';
import { projectApiOf } from './project-api.ts';

/** More than the server gives a test. */
const WHOLE_TEST_MS = 45_000;

export const testConnection = command({
  name: 'test-connection',
  summary: 'Test a connection step by step, before or after it is saved',
  details:
    'Of a saved external database, or, without its id, of a connection string that is asked for. Connects as a sync would; nothing is left in the database. Ctrl-C ends the test.',
  args: {
    database: optionalArgument('database', 'a saved external database', { suggests: 'external-databases' }),
  },
  options: CONNECTION_OPTIONS,
  examples: ['hexclave db-sync test-connection main', 'hexclave db-sync test-connection --from-env SHOP_DATABASE_URL'],
  json: { words: 'each step with its outcome and remedy.', route: 'testConnection' },
  failsWhen: 'a step failed.',
  run: async ({ args, options }, context) => {
    const projectApi = await projectApiOf(context);
    const isNew = args.database === undefined || options.stdin || options.fromEnv !== undefined;
    const request = {
      external_database_id: args.database,
      ...(isNew && { external_database: await readExternalDatabase(options, context) }),
    };
    const { stdout, styles, signal } = context;
    const { api, query } = projectApi;
    const result = context.options.json
      ? await api.call('testConnection', { query, body: request }, { signal, timeoutMs: WHOLE_TEST_MS })
      : await showConnectionTest(projectApi, request, context, { output: stdout, styles });
    return { json: result, exitCode: result.ok ? EXIT_CODES.done.code : EXIT_CODES.found.code };
  },
});

/** Shows each step as it is taken. */
export async function showConnectionTest(
  { api, query }: Pick<ProjectApi, 'api' | 'query'>,
  request: ConnectionTestRequest,
  { signal }: Pick<Context, 'signal'>,
  { output, styles }: { output: NodeJS.WriteStream; styles: Styles },
): Promise<ConnectionTest> {
  const view = createStepView(output, styles);
  let shown = 0;
  const onStep = (step: ConnectionTest['steps'][number]) => {
    shown += 1;
    view.show(step);
  };
  try {
    const result = await api.call('testConnection', { query, body: request }, { signal, onStep });
    // An older server tells no steps, but all of them at the end.
    result.steps.slice(shown).forEach(view.show);
    return result;
  } finally {
    view.end();
  }
}
