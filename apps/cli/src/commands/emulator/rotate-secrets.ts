import { mkdir } from 'node:fs/promises';
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { type Home, homeOf } from '../../emulator/home.ts';
import { takeLock } from '../../emulator/lock.ts';
import { startProcess, stopProcess } from '../../emulator/process.ts';
import { findRunning } from '../../emulator/state.ts';
import { printable } from '../../output/printable.ts';
import { LOCK_PATIENCE_MS } from './start.ts';

export const rotateEmulatorSecrets = command({
  name: 'rotate-secrets',
  summary: 'Exchange the emulator’s keys and secrets for fresh ones',
  details:
    'Old keys stop working at once. A running emulator is then started anew, so that all secrets count. May be repeated at any time, also after it was interrupted.',
  json: {
    words: '`{secrets_file, restarted}`.',
    schema: z.object({ secrets_file: z.string(), restarted: z.boolean() }),
  },
  run: async (_input, context) => {
    const { secretsFileOf } = await import('@hexclave/server');
    const home = homeOf(context);
    await mkdir(home.directory, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    const release = await takeLock(home.directory, 'command', LOCK_PATIENCE_MS);
    try {
      await rotate(home);
      const restarted = await restart(home, context);
      const path = secretsFileOf(home.directory);
      return {
        json: { secrets_file: path, restarted },
        text: () => `The keys were exchanged. The new ones are in ${printable(path)}.`,
      };
    } finally {
      release();
    }
  },
});

async function rotate(home: Home): Promise<void> {
  const { withEmulatorDatabase } = await import('../../emulator/database.ts');
  const { rotateSecrets } = await import('@hexclave/server');
  const inDatabase = await withEmulatorDatabase(home, async (connectionString) => {
    await rotateSecrets({ home: home.directory, connectionString });
    return true;
  });
  if (inDatabase === undefined) await rotateSecrets({ home: home.directory });
}

async function restart(home: Home, { source, signal }: Context): Promise<boolean> {
  const running = await findRunning(home);
  if (running === undefined) return false;
  const { ensureSecrets } = await import('@hexclave/server');
  await stopProcess(home);
  const secrets = await ensureSecrets(home.directory);
  await startProcess({ home, portPrefix: running.portPrefix, secrets, source, signal });
  return true;
}
