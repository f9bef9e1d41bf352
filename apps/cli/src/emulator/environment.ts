import { CATALOGUE, environmentForChild, resolveEnvironment, type Source } from '@hexclave/env';
import type { EmulatorSecrets } from '@hexclave/server';
import type { Home } from './home.ts';

/**
 * What the server of an emulator is started with. Settings of whoever starts it are for other servers: their database
 * must not become that of an emulator. Only how much is logged is theirs to say.
 */
export function emulatorEnvironment(
  source: Source,
  options: { home: Home; portPrefix: number; secrets: EmulatorSecrets },
): Record<string, string> {
  const { home, portPrefix, secrets } = options;
  const { logLevel } = resolveEnvironment(source, { logLevel: CATALOGUE.logLevel });
  const own = {
    ...secrets,
    NODE_ENV: 'development',
    NEXT_PUBLIC_HEXCLAVE_IS_LOCAL_EMULATOR: 'true',
    NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX: String(portPrefix),
    HEXCLAVE_EMULATOR_HOME: home.directory,
    HEXCLAVE_DATA_DIRECTORY: home.data,
    HEXCLAVE_LOG_LEVEL: logLevel,
  };
  // Started by an npm script, it has to outlive npm, which a server otherwise ends with.
  const withoutNpm = Object.fromEntries(Object.entries(source).filter(([name]) => !name.startsWith('npm_')));
  return environmentForChild(own, withoutNpm);
}
