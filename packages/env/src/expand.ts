import { isSentinel } from './sentinel.ts';

type Source = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT_PREFIX = '81';
const NAMES = ['NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX', 'NEXT_PUBLIC_STACK_PORT_PREFIX'] as const;
const REFERENCE = /\$\{NEXT_PUBLIC_(?:HEXCLAVE|STACK)_PORT_PREFIX(?::-(\d*))?\}/g;

/**
 * Puts the port prefix in the place of `${NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX:-81}`, so that another prefix moves every
 * port that values name. No other reference is expanded: a secret may well contain `${…}`.
 */
export function expandPortPrefix(text: string, source: Source): string {
  if (!text.includes('${NEXT_PUBLIC_')) return text;
  const prefix = NAMES.map((name) => source[name]?.trim()).find((value) => value && !isSentinel(value));
  // As a function, because `$` has a meaning in a replacement.
  return text.replace(REFERENCE, (_, fallback?: string) => prefix ?? (fallback || DEFAULT_PORT_PREFIX));
}
