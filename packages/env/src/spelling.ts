/**
 * The product was once called Stack: each variable goes by `HEXCLAVE_X` and, from before, by `STACK_X`. What stands in
 * front is kept: `NEXT_PUBLIC_HEXCLAVE_X` was `NEXT_PUBLIC_STACK_X`.
 */
export type Spellings = readonly [canonical: string, legacy: string];

/** What can stand in front of a name, by who may read the variable. */
export const FRONTS = {
  /** Servers and tools only. */
  server: '',
  /** Browsers too. */
  public: 'NEXT_PUBLIC_',
  /** Browsers, where a server reaches the same thing in another way. */
  browser: 'NEXT_PUBLIC_BROWSER_',
  /** Servers, where a browser reaches the same thing in another way. */
  serverSide: 'NEXT_PUBLIC_SERVER_',
  /** Bundles that Vite makes. */
  vite: 'VITE_',
} as const;

export type Front = keyof typeof FRONTS;

const NAME = /^(NEXT_PUBLIC_(?:BROWSER_|SERVER_)?|VITE_)?(?:HEXCLAVE|STACK)_(.+)$/;

/** Both names of the variable that either of them names; undefined for variables of others. */
export function spellingsOf(name: string): Spellings | undefined {
  const [, front = '', rest] = NAME.exec(name) ?? [];
  return rest === undefined ? undefined : [`${front}HEXCLAVE_${rest}`, `${front}STACK_${rest}`];
}

/** The name that is to be used: the same for both spellings, and the name itself for variables of others. */
export function canonicalName(name: string): string {
  return spellingsOf(name)?.[0] ?? name;
}
