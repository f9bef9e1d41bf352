import { everyVariable } from '../catalogue/index.ts';
import { choose, isBlank, type Source } from '../choose.ts';
import { withoutCredentials } from '../resolve.ts';
import { isSentinel } from '../sentinel.ts';
import type { Variable } from '../variable.ts';

/** A place where variables are set: a file, or the environment of the process. */
export type Place = { readonly origin: string; readonly values: Source };

/** One variable that is set somewhere. */
export type Explanation = {
  readonly name: string;
  /** What the programs get; undefined when it is refused or a secret. */
  readonly value: string | undefined;
  readonly isSecret: boolean;
  /** Where from, and under which name. */
  readonly origin: string;
  readonly setAs: string;
  /** Why that one, in words. */
  readonly why: string;
  /** What is set besides, and does not count. */
  readonly overridden: readonly { readonly origin: string; readonly setAs: string; readonly why: string }[];
};

type Setting = { origin: string; setAs: string; text: string };

/** For each variable that is set: which place and name count, and why. What wins comes first among the places. */
export function explain(places: readonly Place[], merged: Source): Explanation[] {
  return everyVariable().flatMap(({ variable, names, spellings }) => {
    const settings = places.flatMap(({ origin, values }) => settingsIn(origin, values, names));
    const [winner, ...others] = inOrder(settings, spellings);
    if (winner === undefined) return [];
    const { origin, setAs } = winner;
    return {
      name: spellings[0],
      value: shownValue(variable, merged, setAs),
      isSecret: variable.visibility === 'secret',
      origin,
      setAs,
      why: whyItWins(winner, others, spellings),
      overridden: others.map((other) => ({ origin: other.origin, setAs: other.setAs, why: whyNot(other, winner) })),
    };
  });
}

/** Names from before a renaming come behind all others, wherever they are set. */
function inOrder(settings: Setting[], spellings: readonly string[]): Setting[] {
  const isPresent = ({ setAs }: Setting) => spellings.includes(setAs);
  return [...settings.filter(isPresent), ...settings.filter((setting) => !isPresent(setting))];
}

function settingsIn(origin: string, values: Source, names: readonly string[]): Setting[] {
  return names.flatMap((setAs) => {
    const text = values[setAs];
    return text === undefined || isBlank(text) || isSentinel(text) ? [] : [{ origin, setAs, text }];
  });
}

function shownValue(variable: Variable<unknown>, merged: Source, setAs: string): string | undefined {
  const choice = choose(merged, [setAs], 'server');
  if (choice.kind !== 'set' || variable.visibility === 'secret') return undefined;
  return withoutCredentials(choice.text);
}

function whyItWins(winner: Setting, others: readonly Setting[], spellings: readonly string[]): string {
  if (!spellings.includes(winner.setAs)) return 'set under a name from before it was renamed, and under no other';
  if (others.length === 0) return 'set nowhere else';
  const sameOrigin = others.some(({ origin }) => origin === winner.origin);
  return sameOrigin ? `${winner.setAs} comes first` : `${winner.origin} comes before ${others[0]?.origin}`;
}

function whyNot(other: Setting, winner: Setting): string {
  const same = other.text === winner.text ? ', with the same value' : '';
  if (other.origin !== winner.origin) return `${winner.origin} wins${same}`;
  return `${winner.setAs} comes first${same}`;
}
