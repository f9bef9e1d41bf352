import { mkdir } from 'node:fs/promises';
import { CATALOGUE, resolveEnvironment } from '@hexclave/env';
import { command } from '../../declare/command.ts';
import { homeOf } from '../../emulator/home.ts';
import { takeLock } from '../../emulator/lock.ts';
import { recordRunning } from '../../emulator/state.ts';
import { runServer } from '../run-server.ts';

/** What `hexclave emulator start` runs in the background. */
export const serveEmulator = command({
  name: 'serve',
  summary: 'Run the emulator’s server in this process',
  isHidden: true,
  run: async (_input, context) => {
    const home = homeOf(context);
    const { portPrefix } = resolveEnvironment(context.source, { portPrefix: CATALOGUE.portPrefix });
    await mkdir(home.directory, { recursive: true });
    await takeLock(home.directory, 'server', 0);
    await recordRunning(home, portPrefix);
    return runServer(context);
  },
});
