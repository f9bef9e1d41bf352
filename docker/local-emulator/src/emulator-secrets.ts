import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  CATALOGUE,
  currentEnvironment,
  getEnvVariable,
  isBlank,
  resolveEnvironment,
  type Source,
  spellingsOf,
} from '@hexclave/env';
import { describeError } from '@hexclave/errors';
import { EMULATOR_SECRETS, ensureSecrets, rotateSecrets } from '@hexclave/server';
import { shellCommands } from '../../shared/src/shell.ts';

/**
 * The secrets of the emulator in this container. `load` prints shell commands that set them, and makes them at the
 * first start; `rotate [--from FILE]` exchanges them, for those in the file (`-` is standard input) where it has any.
 */
const { values, positionals } = parseArgs({ options: { from: { type: 'string' } }, allowPositionals: true });
const home = getEnvVariable('HEXCLAVE_EMULATOR_HOME', { fallback: '/var/lib/hexclave' });

const COMMANDS: Record<string, () => Promise<void>> = {
  load: async () => {
    const secrets = await ensureSecrets(home, givenIn(currentEnvironment()));
    const everyName = Object.entries(secrets).flatMap(([name, value]) =>
      (spellingsOf(name) ?? [name]).map((spelling) => [spelling, value] as const),
    );
    console.log(shellCommands(new Map(everyName)));
  },
  rotate: async () => {
    const { databaseConnectionString } = CATALOGUE;
    const { databaseConnectionString: connectionString } = resolveEnvironment(currentEnvironment(), {
      databaseConnectionString,
    });
    await rotateSecrets({ home, connectionString, given: values.from === undefined ? {} : readLines(values.from) });
  },
};

/** What the operator has set for the first start, for example in a test run that has to know the keys. */
function givenIn(source: Source): Record<string, string | undefined> {
  const set = EMULATOR_SECRETS.filter((name) => !isBlank(source[name]));
  return Object.fromEntries(set.map((name) => [name, source[name]]));
}

function readLines(path: string): Record<string, string> {
  const lines = readFileSync(path === '-' ? 0 : path, 'utf8').split(/\r?\n/);
  const assignments = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    assignments.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')];
    }),
  );
}

try {
  const run = COMMANDS[positionals[0] ?? ''];
  if (run === undefined) throw new Error('Say `load` or `rotate`.');
  await run();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
