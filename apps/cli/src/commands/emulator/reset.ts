import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { command } from '../../declare/command.ts';
import { flag } from '../../declare/values.ts';
import { type Home, homeOf } from '../../emulator/home.ts';
import { takeLock } from '../../emulator/lock.ts';
import { stopProcess } from '../../emulator/process.ts';
import { printable } from '../../output/printable.ts';
import { confirmByName } from '../../secrets/read.ts';
import { LOCK_PATIENCE_MS } from './start.ts';

export const resetEmulator = command({
  name: 'reset',
  summary: 'Stop the emulator and remove all that it has: data, secrets and log',
  details: 'Asks for the word emulator. The next start begins with an empty database and fresh keys.',
  options: { yes: flag('-y, --yes', 'does not ask') },
  json: { words: '`{removed}`: whether there was anything.', schema: z.object({ removed: z.boolean() }) },
  run: async ({ options }, context) => {
    const home = homeOf(context);
    if (!existsSync(home.directory)) return outcome(false);
    const question = `This removes the emulator in ${printable(home.directory)} with all its projects and users.`;
    await confirmByName(question, 'emulator', options.yes, context);
    const release = await takeLock(home.directory, 'command', LOCK_PATIENCE_MS);
    try {
      await stopProcess(home);
      await removeAll(home);
      return outcome(true);
    } finally {
      release();
    }
  },
});

/** Only what an emulator makes: the folder may have been somebody's own before. */
async function removeAll(home: Home): Promise<void> {
  const { postgresFolderOf } = await import('../../emulator/database.ts');
  const { secretsFileOf } = await import('@hexclave/server');
  const postgres = await postgresFolderOf(home);
  const paths = [`${postgres}.owner.json`, postgres, home.data, home.state, home.log, secretsFileOf(home.directory)];
  for (const path of paths) await rm(path, { recursive: true, force: true });
}

function outcome(removed: boolean) {
  return { json: { removed }, text: () => (removed ? 'The emulator is empty again.' : 'There was nothing to remove.') };
}
