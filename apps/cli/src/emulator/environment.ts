import type { EmulatorSecrets } from '@hexclave/server';
import type { Home } from './home.ts';

type Source = Readonly<Record<string, string | undefined>>;

/** Settings of whoever starts it are for other servers: their database must not become that of an emulator. */
const OF_OTHER_SERVERS = /^(?:NEXT_PUBLIC_(?:BROWSER_|SERVER_)?|VITE_)?(?:HEXCLAVE|STACK)_|^(?:CRON_SECRET|NODE_ENV)$/;
const KEPT = /^(?:HEXCLAVE|STACK)_LOG_LEVEL$/;

/** What the server of an emulator is started with. */
export function emulatorEnvironment(
  source: Source,
  options: { home: Home; portPrefix: number; secrets: EmulatorSecrets },
): Record<string, string | undefined> {
  const { home, portPrefix, secrets } = options;
  const foreign = Object.entries(source).filter(([name]) => KEPT.test(name) || !OF_OTHER_SERVERS.test(name));
  return {
    ...Object.fromEntries(foreign),
    ...secrets,
    NODE_ENV: 'development',
    NEXT_PUBLIC_HEXCLAVE_IS_LOCAL_EMULATOR: 'true',
    NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX: String(portPrefix),
    HEXCLAVE_EMULATOR_HOME: home.directory,
    HEXCLAVE_DATA_DIRECTORY: home.data,
  };
}
