import { basename, dirname } from 'node:path';
import { migrateEnvFile } from '@hexclave/env';
import { z } from 'zod';
import { command } from '../../declare/command.ts';
import { flag, optionalArgument } from '../../declare/values.ts';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.ts';
import { counted } from '../../output/words.ts';
import { confirm } from '../../secrets/read.ts';
import { describeMigration } from './describe.ts';
import { readEnvFile, replaceFile } from './files.ts';

const shape = z.object({
  file: z.string(),
  written: z.boolean(),
  changes: z.array(
    z.object({
      line: z.number(),
      name: z.string(),
      kind: z.enum(['renamed', 'removed', 'reference']),
      newName: z.string(),
      before: z.string(),
      after: z.string().optional(),
    }),
  ),
  conflicts: z.array(z.object({ canonical: z.string(), other: z.string(), line: z.number() })),
});

export const migrateEnv = command({
  name: 'migrate',
  summary: 'Give a .env file the present names of its variables',
  details:
    'Shows the difference first, and asks. The file says the same afterwards; comments and order stay, and names that are not Hexclave’s too. It is replaced as a whole or not at all.',
  args: { file: optionalArgument('file', 'left out: .env.local', { suggests: 'files' }) },
  options: {
    yes: flag('-y, --yes', 'does not ask'),
    dryRun: flag('--dry-run', 'shows the difference, and writes nothing'),
  },
  examples: ['hexclave env migrate', 'hexclave env migrate .env.production.local --dry-run'],
  json: {
    words:
      '`{file, written, changes, conflicts}`: each change with its line as it was and as it is, secrets left out. With --json, only --yes writes.',
    schema: shape,
  },
  failsWhen: 'the file still has older names, or two names of one variable contradict each other.',
  run: async ({ args, options }, context) => {
    const file = args.file ?? '.env.local';
    const migration = migrateEnvFile(await readEnvFile(dirname(file), basename(file)));
    const { changes, conflicts } = migration;
    const isDue = changes.length > 0 && !options.dryRun;
    const asks = isDue && !options.yes && !context.options.json && context.isInteractive;
    if (asks) context.note(describeMigration(file, migration, context.errorStyles));
    const written = isDue && (options.yes || (asks && (await confirm(`Write ${file}?`, context))));
    if (written) await replaceFile(file, migration.text);
    return {
      json: { file, written, changes, conflicts },
      text: (styles) => {
        const shown = asks ? [] : [describeMigration(file, migration, styles)];
        return [...shown, ...outcome({ file, changed: changes.length, written, isDue })].join('\n');
      },
      exitCode: exitCodeOf(written, changes.length + conflicts.length),
    };
  },
});

type Done = { file: string; changed: number; written: boolean; isDue: boolean };

function outcome({ file, changed, written, isDue }: Done): string[] {
  if (changed === 0) return [];
  if (written) return [`Written: ${file} (${counted(changed, 'line')}).`];
  return [isDue ? 'Nothing was written. Add --yes to write it.' : 'Nothing was written.'];
}

function exitCodeOf(written: boolean, left: number): ExitCode {
  return written || left === 0 ? EXIT_CODES.done.code : EXIT_CODES.found.code;
}
