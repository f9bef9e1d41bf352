import { mkdir } from 'node:fs/promises';
import { CATALOGUE, integer, isBlank, resolveEnvironment } from '@hexclave/env';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { option } from '../../declare/values.ts';
import { type Home, homeOf } from '../../emulator/home.ts';
import { takeLock } from '../../emulator/lock.ts';
import { startProcess } from '../../emulator/process.ts';
import { findRunning } from '../../emulator/state.ts';
import { describeEmulator, shownEmulator, shownOutcome } from './shown.ts';

/** Another start may have to create its database first. */
export const LOCK_PATIENCE_MS = 150_000;

export const startEmulator = command({
  name: 'start',
  summary: 'Start the emulator in the background, and wait until it is ready',
  details:
    'Nothing happens if it runs already. The first start creates a PostgreSQL and fresh keys of the project internal; those in the environment (HEXCLAVE_SEED_INTERNAL_PROJECT_…, 64 hexadecimal digits) are taken instead.',
  options: {
    portPrefix: option(
      '--port-prefix <digits>',
      'the first digits of its ports, instead of NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX or 81',
      integer(11, 326),
    ),
  },
  examples: ['hexclave emulator start', 'hexclave emulator start --port-prefix 82'],
  json: { words: 'the same as `hexclave emulator status`.', schema: shownEmulator },
  run: async ({ options }, context) => {
    const home = homeOf(context);
    // As root, PostgreSQL is another user, who has to pass through; each file with a secret is closed by itself.
    await mkdir(home.directory, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    const release = await takeLock(home.directory, 'command', LOCK_PATIENCE_MS);
    try {
      const before = await findRunning(home);
      if (before === undefined) await start(home, options.portPrefix, context);
      const title = before === undefined ? 'The emulator is ready.' : 'The emulator runs already.';
      return shownOutcome(await describeEmulator(home, { keys: false }), title, context);
    } finally {
      release();
    }
  },
});

async function start(home: Home, portPrefix: number | undefined, context: Context): Promise<void> {
  const { EMULATOR_SECRETS, ensureSecrets } = await import('@hexclave/server');
  const { source, signal, note } = context;
  const environment = resolveEnvironment(source, { portPrefix: CATALOGUE.portPrefix });
  const given = EMULATOR_SECRETS.filter((name) => !isBlank(source[name])).map((name) => [name, source[name]] as const);
  const secrets = await ensureSecrets(home.directory, Object.fromEntries(given));
  note('Starting …');
  await startProcess({ home, portPrefix: portPrefix ?? environment.portPrefix, secrets, source, signal });
}
