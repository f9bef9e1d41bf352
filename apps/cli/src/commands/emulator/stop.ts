import { existsSync } from 'node:fs';
import { z } from 'zod';
import { command } from '../../declare/command.ts';
import { homeOf } from '../../emulator/home.ts';
import { takeLock } from '../../emulator/lock.ts';
import { stopProcess } from '../../emulator/process.ts';
import { LOCK_PATIENCE_MS } from './start.ts';

export const stopEmulator = command({
  name: 'stop',
  summary: 'Stop the emulator; its data stays',
  details: 'What is under way is done first, for 40 s at most.',
  json: { words: '`{was_running}`.', schema: z.object({ was_running: z.boolean() }) },
  run: async (_input, context) => {
    const home = homeOf(context);
    if (!existsSync(home.directory)) return outcome(false);
    const release = await takeLock(home.directory, 'command', LOCK_PATIENCE_MS);
    try {
      return outcome(await stopProcess(home));
    } finally {
      release();
    }
  },
});

function outcome(wasRunning: boolean) {
  return {
    json: { was_running: wasRunning },
    text: () => (wasRunning ? 'The emulator is stopped.' : 'The emulator was not running.'),
  };
}
