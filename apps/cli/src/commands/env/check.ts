import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { checkEnvFiles, type EnvCheck, envFileNames, isBlank } from '@hexclave/env';
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { choice, flag, optionalArgument } from '../../declare/values.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { Problem } from '../../problem.ts';
import { describeCheck } from './describe.ts';
import { readEnvFile, readEnvFiles } from './files.ts';

const MODES = ['development', 'test', 'production'] as const;

const shape = z.object({
  mode: z.enum(MODES),
  files: z.array(z.string()),
  findings: z.array(
    z.object({
      severity: z.enum(['error', 'warning', 'note']),
      code: z.string(),
      file: z.string(),
      line: z.number(),
      name: z.string().optional(),
      message: z.string(),
    }),
  ),
  variables: z.array(
    z.object({
      name: z.string(),
      value: z.string().optional(),
      isSecret: z.boolean(),
      origin: z.string(),
      setAs: z.string(),
      why: z.string(),
      overridden: z.array(z.object({ origin: z.string(), setAs: z.string(), why: z.string() })),
    }),
  ),
});

export const checkEnv = command({
  name: 'check',
  summary: 'Explain .env files: older names, contradictions, unknown names, and what counts',
  details:
    'Looks at the files that programs would read in the folder, and at the environment that it is run in. Changes nothing, and shows no secret.',
  args: { path: optionalArgument('path', 'a folder, or one file; left out: this folder', { suggests: 'files' }) },
  options: {
    mode: choice('--mode <mode>', 'what programs run as; left out: NODE_ENV, or development', MODES),
    strict: flag('--strict', 'warnings and notes count as wrong too'),
  },
  examples: ['hexclave env check', 'hexclave env check --mode production', 'hexclave env check ../shop/.env.local'],
  json: {
    words:
      '`{mode, files, findings, variables}`: each finding with `severity` (`error`, `warning`, `note`), `code`, `file`, `line` (0: the environment), `name` and `message`; each variable that is set with what wins, and why.',
    schema: shape,
  },
  failsWhen: 'a start would be refused; with --strict, when there is anything to say.',
  run: async ({ args, options }, context) => {
    const mode = options.mode ?? modeOf(context);
    const files = await filesAt(args.path ?? '.', mode);
    const check = checkEnvFiles(files, context.source);
    const names = files.map(({ name }) => name);
    return {
      json: { mode, files: names, ...check },
      text: (styles) => describeCheck({ mode, files: names, check }, styles),
      exitCode: isWrong(check, options.strict) ? EXIT_CODES.found.code : EXIT_CODES.done.code,
    };
  },
});

function modeOf({ source }: Context): (typeof MODES)[number] {
  const mode = MODES.find((known) => known === source.NODE_ENV);
  if (mode !== undefined || isBlank(source.NODE_ENV)) return mode ?? 'development';
  throw new Problem(
    'settings',
    'ENVIRONMENT_INVALID',
    `NODE_ENV must be one of ${MODES.join(', ')}.`,
    'Correct it, or use --mode.',
  );
}

async function filesAt(path: string, mode: string): Promise<{ name: string; text: string }[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new Problem('missing', 'FILE_NOT_FOUND', `There is no file and no folder ${path}.`);
  if (found.isDirectory()) return readEnvFiles(path, envFileNames(mode));
  return [{ name: basename(path), text: await readEnvFile(dirname(path), basename(path)) }];
}

function isWrong({ findings }: EnvCheck, isStrict: boolean): boolean {
  return isStrict ? findings.length > 0 : findings.some(({ severity }) => severity === 'error');
}
