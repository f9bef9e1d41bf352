import { text as readStream } from 'node:stream/consumers';
import { text } from '@hexclave/env';
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { command, group } from '../../declare/command.ts';
import { argument, flag, option, optionalArgument } from '../../declare/values.ts';
import { printable, printableJson } from '../../output/printable.ts';
import { list } from '../../output/table.ts';
import { Problem, usageProblem } from '../../problem.ts';
import { confirmByName, readSecret } from '../../secrets/read.ts';
import { edit } from './edit.ts';
import { flatten, isExternalDatabase, valueAt } from './paths.ts';
import { readConfig, sendChanges } from './requests.ts';

const pathArgument = argument('path', 'a dotted path, e.g. dbSync.externalDatabases.main.paused');
const changed = z.object({ changed: z.array(z.string()) });
const CHANGED_WORDS = '`{"changed": […]}`: the paths.';

const get = command({
  name: 'get',
  summary: 'Show the configuration of a project, or what is at a path of it',
  details: 'With the defaults filled in. Connection strings are never shown.',
  args: { path: optionalArgument('path', 'a dotted path; left out: everything') },
  options: { own: flag('--own', 'only what has been set') },
  examples: ['hexclave config get', 'hexclave config get dbSync.externalDatabases.main.schema'],
  json: { words: 'the value at the path.', schema: z.unknown() },
  run: async ({ args, options }, context) => {
    const document = await readConfig(options.own, context);
    const value = args.path === undefined ? document : valueAt(document, args.path);
    if (value === undefined)
      throw new Problem('missing', 'PATH_NOT_SET', `Nothing is set at ${printable(args.path ?? '')}.`);
    return {
      json: value,
      text: (styles) => {
        if (typeof value !== 'object' || value === null) return printable(String(value));
        const lines = flatten(value).map(([path, inner]) => [path, printableJson(inner)] as const);
        return list(lines, styles);
      },
    };
  },
});

const set = command({
  name: 'set',
  summary: 'Set what is at a path of the configuration',
  details:
    'The value is JSON, or else a text. A connection string is asked for, or comes from --stdin or --from-env: never from an argument.',
  args: { path: pathArgument, value: optionalArgument('value', 'JSON, or else a text') },
  options: {
    stdin: flag('--stdin', 'reads the value from standard input'),
    fromEnv: option('--from-env <name>', 'reads the value from that variable', text()),
  },
  examples: [
    'hexclave config set dbSync.externalDatabases.main.deleteMode soft',
    'hexclave config set dbSync.externalDatabases.main.connectionString',
  ],
  json: { words: CHANGED_WORDS, schema: changed },
  run: async ({ args, options }, context) => {
    const value = await readValue(args, options, context);
    return sendChanges({ [args.path]: value }, context);
  },
});

const unset = command({
  name: 'unset',
  summary: 'Take back what is set at a path of the configuration',
  details: 'The default is in force again. For an external database its id is asked for once more.',
  args: { path: pathArgument },
  options: { yes: flag('-y, --yes', 'does not ask') },
  json: { words: CHANGED_WORDS, schema: changed },
  run: async ({ args, options }, context) => {
    if (isExternalDatabase(args.path)) {
      const question = 'No further change will reach this external database; what was copied stays there.';
      await confirmByName(question, args.path.split('.').at(-1) ?? '', options.yes, context);
    }
    return sendChanges({ [args.path]: null }, context);
  },
});

type ValueSource = { readonly stdin: boolean; readonly fromEnv: string | undefined };

async function readValue(
  { path, value }: { readonly path: string; readonly value: string | undefined },
  source: ValueSource,
  context: Context,
): Promise<unknown> {
  const isSecret = path.endsWith('.connectionString');
  if (isSecret && value !== undefined) {
    throw usageProblem(
      'A connection string does not belong into an argument, where other users of this machine can see it.',
      'Leave it out and type it when asked, or add --stdin or --from-env NAME.',
    );
  }
  if (isSecret || source.fromEnv !== undefined) return readSecret('the connection string', source, context);
  if (source.stdin) return parseValue((await readStream(context.stdin)).trim());
  if (value === undefined) throw usageProblem('The value is missing.');
  return parseValue(value);
}

function parseValue(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

export const config = group({
  name: 'config',
  summary: 'Show and change the configuration of a project',
  commands: [get, set, unset, edit],
});
