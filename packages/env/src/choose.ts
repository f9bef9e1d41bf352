import { expandPortPrefix } from './expand.ts';
import { isSentinel } from './sentinel.ts';

/** What `process.env` looks like. */
export type Source = Readonly<Record<string, string | undefined>>;

/**
 * Where a value is read, which decides what becomes of doubtful ones:
 *
 * - `server`: servers and tools, when they start. Sentinels count for nothing; a conflict is refused.
 * - `bundle`: the build of a hosted or Vite app. Sentinels are values, so that a build without values succeeds; a
 *   conflict between two others is refused.
 * - `sdk`: within somebody else's app, which we must not break: sentinels count for nothing, `HEXCLAVE_*` wins.
 */
export type Flavour = 'server' | 'bundle' | 'sdk';

export type Setting = { readonly name: string; readonly text: string };
export type Choice =
  | { readonly kind: 'unset' }
  | ({ readonly kind: 'set' } & Setting)
  /** The two are set to different values. */
  | { readonly kind: 'conflict'; readonly first: Setting; readonly second: Setting };

/** What the spellings of one variable come to. The canonical one is the first. */
export function choose(source: Source, names: readonly string[], flavour: Flavour): Choice {
  const settings = names.flatMap((name) => settingOf(source, name, flavour));
  const [first] = settings;
  if (first === undefined) return { kind: 'unset' };
  if (flavour !== 'sdk') {
    // Nobody knows yet what a sentinel will be.
    const [known, ...others] = settings.filter(({ text }) => !isSentinel(text));
    const other = others.find(({ text }) => text !== known?.text);
    if (known !== undefined && other !== undefined) return { kind: 'conflict', first: known, second: other };
  }
  return { kind: 'set', ...first };
}

/** Blank is what `X=# a comment` leaves: not set. */
export function isBlank(text: string | undefined): boolean {
  return text === undefined || text.trim() === '';
}

function settingOf(source: Source, name: string, flavour: Flavour): Setting[] {
  const text = source[name];
  if (text === undefined || isBlank(text)) return [];
  if (isSentinel(text)) return flavour === 'bundle' ? [{ name, text }] : [];
  return [{ name, text: expandPortPrefix(text, source) }];
}
