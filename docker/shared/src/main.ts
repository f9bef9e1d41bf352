import { CATALOGUE, currentEnvironment, resolveEnvironment } from '@hexclave/env';
import { describeError } from '@hexclave/errors';
import { mirror } from './mirror.ts';
import { placeValues } from './place-values.ts';
import { readSecretFiles } from './secret-files.ts';
import { shellCommands } from './shell.ts';

/**
 * What entrypoint.sh asks for; see there. `environment` prints shell commands that bring the environment in order,
 * `files FROM TO` copies built files with values in the places of sentinels, `health` asks the server whether it is
 * well. Ends with 1, and a sentence on standard error, if that fails.
 */
const COMMANDS: Record<string, (args: string[]) => void | Promise<void>> = {
  environment: () => {
    const given = readSecretFiles(currentEnvironment());
    const merged = { ...currentEnvironment(), ...Object.fromEntries(given) };
    console.log(shellCommands(new Map([...given, ...mirror(merged)])));
  },
  files: ([from = '', to = '']) => {
    const changed = placeValues(from, to, currentEnvironment());
    console.error(`Values were placed in ${changed} built files.`);
  },
  health: async () => {
    const { portPrefix } = resolveEnvironment(currentEnvironment(), { portPrefix: CATALOGUE.portPrefix });
    const { status } = await fetch(`http://127.0.0.1:${portPrefix}02/health`, { signal: AbortSignal.timeout(4_000) });
    if (status !== 200) throw new Error(`The server answers ${status}.`);
  },
};

const [command = '', ...args] = process.argv.slice(2);
try {
  const run = COMMANDS[command];
  if (run === undefined) throw new Error(`There is no command ${JSON.stringify(command)}.`);
  await run(args);
} catch (error) {
  console.error(`\nHexclave could not start.\n${describeError(error)}`);
  process.exitCode = 1;
}
