import type { ConnectionTest } from '@hexclave/contract';
import { command } from '../../declare/command.ts';
import { optionalArgument } from '../../declare/values.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { printable } from '../../output/printable.ts';
import type { Styles } from '../../output/styles.ts';
import { remedyLines } from '../../output/sync-words.ts';
import { duration } from '../../output/words.ts';
import { CONNECTION_OPTIONS, readExternalDatabase } from './connection-options.ts';
import { projectApiOf } from './project-api.ts';

const NAMES: Record<ConnectionTest['steps'][number]['step'], string> = {
  dns: 'DNS',
  tcp: 'TCP',
  tls: 'TLS',
  sign_in: 'sign-in',
  privileges: 'privileges',
  version: 'version',
  schema: 'schema',
  round_trip: 'round trip',
};
const NAME_WIDTH = 11;

export const testConnection = command({
  name: 'test-connection',
  summary: 'Test a connection step by step, before or after it is saved',
  details:
    'Of a saved external database, or, without its id, of a connection string that is asked for. Connects as a sync would; nothing is left in the database.',
  args: {
    database: optionalArgument('database', 'a saved external database', { suggests: 'external-databases' }),
  },
  options: CONNECTION_OPTIONS,
  examples: ['hexclave db-sync test-connection main', 'hexclave db-sync test-connection --from-env SHOP_DATABASE_URL'],
  json: { words: 'each step with its outcome and remedy.', route: 'testConnection' },
  failsWhen: 'a step failed.',
  run: async ({ args, options }, context) => {
    const { api, query } = await projectApiOf(context);
    const isNew = args.database === undefined || options.stdin || options.fromEnv !== undefined;
    const body = {
      external_database_id: args.database,
      ...(isNew && { external_database: await readExternalDatabase(options, context) }),
    };
    const result = await api.call('testConnection', { query, body }, { signal: context.signal });
    return {
      json: result,
      text: (styles) => describeConnectionTest(result, styles),
      exitCode: result.ok ? EXIT_CODES.done.code : EXIT_CODES.found.code,
    };
  },
});

export function describeConnectionTest({ steps }: ConnectionTest, styles: Styles): string {
  const marks = { ok: styles.green('✓'), failed: styles.red('✗'), skipped: styles.dim('–') };
  return steps
    .flatMap((step) => {
      const took = step.duration_ms === null ? '' : styles.dim(` ${duration(step.duration_ms)}`);
      const state = step.sql_state === null ? '' : styles.dim(` (SQLSTATE ${printable(step.sql_state)})`);
      return [
        `${marks[step.outcome]} ${NAMES[step.step].padEnd(NAME_WIDTH)} ${printable(step.message)}${state}${took}`,
        ...(step.remedy === null ? [] : remedyLines(step.remedy, styles).map((line) => `  ${line}`)),
      ];
    })
    .join('\n');
}
