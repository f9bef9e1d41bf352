import { devNull } from 'node:os';
import type { Source } from './choose.ts';
import { spellingsOf } from './spelling.ts';

/** The environment of the process: the one place that reads it. Reading never writes to it. */
export function currentEnvironment(): Source {
  return process.env;
}

/** Whether npm has started us, by a script of package.json. */
export function isRunByNpm(): boolean {
  return process.env.npm_lifecycle_event !== undefined;
}

/**
 * The database driver fills in whatever a connection leaves open from PG* variables. Those of the operator's shell are
 * meant for psql; here they could send a project's rows to another server.
 */
export function forgetDriverDefaults(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];
}

/**
 * The environment for a program that is started: what every program needs, and of Hexclave's variables only the given
 * ones, from no .env file either, so that it runs alike for everybody.
 */
export function environmentForChild(given: Source = {}, source: Source = currentEnvironment()): Record<string, string> {
  const inherited = Object.entries(source).filter(([name]) => !isOurs(name));
  const defined = [...inherited, ...Object.entries({ HEXCLAVE_ENV_DIRECTORY: devNull, ...given })].filter(
    ([, value]) => value !== undefined,
  );
  return Object.fromEntries(defined) as Record<string, string>;
}

/** Bare names that change what a server does. */
const BARE_NAMES = ['NODE_ENV', 'CRON_SECRET'];

function isOurs(name: string): boolean {
  return BARE_NAMES.includes(name) || spellingsOf(name) !== undefined;
}
