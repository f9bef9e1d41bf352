import type { Source } from './choose.ts';
import { spellingsOf } from './spelling.ts';

/** The environment of the process: the one place that reads it. Nothing here ever writes to it. */
export function currentEnvironment(): Source {
  return process.env;
}

/**
 * The environment for a program that is started: what every program needs, and of Hexclave's variables only the given
 * ones, so that it runs alike for everybody.
 */
export function environmentForChild(given: Source = {}, source: Source = currentEnvironment()): Record<string, string> {
  const inherited = Object.entries(source).filter(([name]) => !isOurs(name));
  const defined = [...inherited, ...Object.entries(given)].filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as Record<string, string>;
}

/** Bare names that change what a server does. */
const BARE_NAMES = ['NODE_ENV', 'CRON_SECRET'];

function isOurs(name: string): boolean {
  return BARE_NAMES.includes(name) || spellingsOf(name) !== undefined;
}
