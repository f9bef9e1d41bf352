import { z } from 'zod';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { printable } from '../../output/printable.ts';
import type { Styles } from '../../output/styles.ts';
import { remedyLines } from '../../output/sync-words.ts';
import { type Check, checking, OUTCOMES } from './check.ts';

const NAME_WIDTH = 21;

const shape = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      outcome: z.enum(OUTCOMES),
      message: z.string(),
      remedy: z.string().nullable(),
    }),
  ),
});

export const doctor = command({
  name: 'doctor',
  summary: 'Look at everything that can be wrong, and say what to do',
  details:
    'This machine, the environment, the ports, the internal database with its migrations, the server, the pipeline and the copies, as far as the keys that are known here reach. Changes nothing.',
  json: {
    words: '`{ok, checks}`: each check with `name`, `outcome` (`ok`, `warn`, `fail`, `skip`), `message` and `remedy`.',
    schema: shape,
  },
  failsWhen: 'a check has failed; warnings are no failures.',
  run: async (_input, context) => {
    const checks = await checkAll(context);
    const isWell = checks.every(({ outcome }) => outcome !== 'fail');
    return {
      json: { ok: isWell, checks: checks.map((check) => ({ ...check, remedy: check.remedy ?? null })) },
      text: (styles) => checks.flatMap((check) => describeCheck(check, styles)).join('\n'),
      exitCode: isWell ? EXIT_CODES.done.code : EXIT_CODES.found.code,
    };
  },
});

async function checkAll(context: Context): Promise<Check[]> {
  const machine = await import('./machine.ts');
  const { checkDatabase } = await import('./database.ts');
  const server = await import('./server.ts');
  const settings = await context.settings();
  const ofServer = await checking('server', () => server.checkServer(settings));
  const isServing = ofServer[0]?.outcome === 'ok';
  const ofCopies = isServing
    ? [
        ...(await checking('dashboard', () => server.checkDashboard(settings))),
        ...(await checking('pipeline', () => server.checkPipeline(settings))),
        ...(await checking('project', () => server.checkProject(settings))),
      ]
    : [];
  return [
    ...machine.checkNode(process.versions.node),
    ...(await checking('environment', async () => machine.checkEnvironment(context))),
    ...(await checking('configuration file', () => machine.checkConfigFile(settings))),
    ...(await checking('data directory', () => machine.checkDataDirectory(settings))),
    ...(await checking('ports', () => machine.checkPorts(settings, isServing))),
    ...(await checking('database', () => checkDatabase(context))),
    ...ofServer,
    ...ofCopies,
  ];
}

function describeCheck({ name, outcome, message, remedy }: Check, styles: Styles): string[] {
  const marks = { ok: styles.green('✓'), warn: styles.yellow('!'), fail: styles.red('✗'), skip: styles.dim('–') };
  const line = `${marks[outcome]} ${printable(name).padEnd(NAME_WIDTH)} ${printable(message)}`;
  return [
    outcome === 'skip' ? styles.dim(line) : line,
    ...(remedy === undefined ? [] : remedyLines(remedy, styles).map((text) => `  ${text}`)),
  ];
}
