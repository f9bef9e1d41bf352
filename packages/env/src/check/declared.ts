import { type DeclaredVariable, everyVariable } from '../catalogue/index.ts';
import type { Variable } from '../variable.ts';

/** A variable of ours, found under any of its names. */
export type Declared = {
  readonly variable: Variable<unknown>;
  readonly canonical: string;
  /** Its present name in the older spelling, if it goes by two. */
  readonly legacy: string | undefined;
};

let byName: ReadonlyMap<string, DeclaredVariable> | undefined;

export function declaredUnder(name: string): Declared | undefined {
  byName ??= new Map(everyVariable().flatMap((declared) => declared.names.map((each) => [each, declared] as const)));
  const found = byName.get(name);
  if (found === undefined) return undefined;
  const { variable, spellings } = found;
  return { variable, canonical: spellings[0], legacy: spellings[1] };
}
