import { oneOf, text } from '@hexclave/env';
import type { Context } from '../../context.ts';
import { flag, option } from '../../declare/values.ts';
import { readSecret } from '../../secrets/read.ts';

/** What can be said of an external database when it is added or tested. */
export const CONNECTION_OPTIONS = {
  schema: option('--schema <name>', 'the schema for the copy; default: hexclave', text()),
  deleteMode: option('--delete-mode <mode>', 'hard or soft', oneOf(['hard', 'soft']), { choices: ['hard', 'soft'] }),
  stdin: flag('--stdin', 'reads the connection string from standard input'),
  fromEnv: option('--from-env <name>', 'reads the connection string from that variable', text()),
} as const;

type Given = {
  readonly schema: string | undefined;
  readonly deleteMode: 'hard' | 'soft' | undefined;
  readonly stdin: boolean;
  readonly fromEnv: string | undefined;
};

/** The same as the configuration wants it. The connection string never stands in an argument. */
export async function readExternalDatabase(given: Given, context: Context) {
  const connectionString = await readSecret('the connection string', given, context);
  return {
    type: 'postgres',
    connectionString: connectionString.trim(),
    ...(given.schema !== undefined && { schema: given.schema }),
    ...(given.deleteMode !== undefined && { deleteMode: given.deleteMode }),
  };
}
