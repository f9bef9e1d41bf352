import { text } from '@hexclave/env';
import { z } from 'zod';
import { command } from '../../declare/command.ts';
import { argument, flag, option } from '../../declare/values.ts';
import { printable, printableLines } from '../../output/printable.ts';
import { Problem } from '../../problem.ts';
import { confirmByName } from '../../secrets/read.ts';
import { databaseArgument } from './arguments.ts';
import { CONNECTION_OPTIONS, readExternalDatabase } from './connection-options.ts';
import { projectApiOf } from './project-api.ts';
import { showConnectionTest } from './test-connection.ts';

const changed = z.object({ external_database_id: z.string() });

const pathOf = (id: string) => `dbSync.externalDatabases.${id}`;

export const add = command({
  name: 'add',
  summary: 'Add an external database, or give it another connection',
  details:
    'Asks for the connection string without showing it, tests it step by step, and saves it. The first copy starts at once.',
  args: { database: argument('database', 'an id for it, e.g. main') },
  options: { ...CONNECTION_OPTIONS, skipTest: flag('--skip-test', 'saves it without a test') },
  examples: ['hexclave db-sync add main', 'hexclave db-sync add main --from-env SHOP_DATABASE_URL --schema users_copy'],
  json: { words: '`{external_database_id}`.', schema: changed },
  run: async ({ args, options }, context) => {
    const api = await context.api('admin');
    const database = await readExternalDatabase(options, context);
    if (!options.skipTest) {
      const screen = { output: context.stderr, styles: context.errorStyles };
      const result = await showConnectionTest({ api, query: {} }, { external_database: database }, context, screen);
      if (!result.ok) {
        throw new Problem('refused', 'CONNECTION_TEST_FAILED', 'Not saved.', 'Put that right, or add --skip-test.');
      }
    }
    await api.call('patchConfigOverride', {
      body: { config_override_string: JSON.stringify({ [pathOf(args.database)]: database }) },
    });
    const id = printable(args.database);
    return {
      json: { external_database_id: args.database },
      text: () => `Saved ${id}. The first copy has started: hexclave db-sync watch`,
    };
  },
});

export const remove = command({
  name: 'remove',
  summary: 'Remove an external database',
  details: 'What was copied into it stays there. Asks for its id once more.',
  args: { database: databaseArgument },
  options: { yes: flag('-y, --yes', 'does not ask') },
  json: { words: '`{external_database_id}`.', schema: changed },
  run: async ({ args, options }, context) => {
    const api = await context.api('admin');
    const question = 'No further change will reach it; what was copied stays there.';
    await confirmByName(question, args.database, options.yes, context);
    await api.call('patchConfigOverride', {
      body: { config_override_string: JSON.stringify({ [pathOf(args.database)]: null }) },
    });
    return {
      json: { external_database_id: args.database },
      text: () => `Removed ${printable(args.database)}.`,
    };
  },
});

export const roleSql = command({
  name: 'role-sql',
  summary: 'The SQL of a role that may do no more than is needed',
  details: 'To be run in your own database by its owner.',
  args: { database: argument('database', 'the name of your database') },
  options: {
    role: option('--role <name>', 'default: hexclave_sync', text()),
    schema: option('--schema <name>', 'default: hexclave', text()),
  },
  examples: ['hexclave db-sync role-sql shop'],
  json: { words: '`{statements, sql, set_password}`.', route: 'getRoleSql' },
  run: async ({ args, options }, context) => {
    const { api } = await projectApiOf(context);
    const reply = await api.call('getRoleSql', { query: { ...options, database: args.database } });
    return { json: reply, text: () => printableLines(reply.sql) };
  },
});
