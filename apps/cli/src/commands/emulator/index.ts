import { group } from '../../declare/command.ts';
import { resetEmulator } from './reset.ts';
import { rotateEmulatorSecrets } from './rotate-secrets.ts';
import { serveEmulator } from './serve.ts';
import { startEmulator } from './start.ts';
import { emulatorStatus } from './status.ts';
import { stopEmulator } from './stop.ts';

export const emulator = group({
  name: 'emulator',
  summary: 'Run a Hexclave of your own in the background, to develop against',
  details:
    'Without Docker: its PostgreSQL comes from npm. Data, secrets and log are kept in HEXCLAVE_EMULATOR_HOME (default ~/.hexclave/emulator).',
  commands: [startEmulator, stopEmulator, emulatorStatus, resetEmulator, rotateEmulatorSecrets, serveEmulator],
});
