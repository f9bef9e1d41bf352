import { namesOf, type Variable } from '../variable.ts';
import { SDK_CATALOGUE } from './sdk.ts';
import { CATALOGUE } from './server.ts';
import { TEST_CATALOGUE } from './tests.ts';
import { CLI_CATALOGUE } from './tools.ts';

/** Who reads which variables. Templates, reference page, getters and checks are compiled from these. */
export const CATALOGUES = {
  server: CATALOGUE,
  'command line': CLI_CATALOGUE,
  'JavaScript client': SDK_CATALOGUE,
  tests: TEST_CATALOGUE,
} as const;

export type App = keyof typeof CATALOGUES;
export type DeclaredVariable = {
  readonly variable: Variable<unknown>;
  readonly readBy: readonly App[];
  /** Its present names, the canonical one first. */
  readonly spellings: readonly [string, ...string[]];
  /** Every name that it can be set under, those that win first. */
  readonly names: readonly [string, ...string[]];
};

/** Every variable there is, once, in reading order. */
export function everyVariable(): readonly DeclaredVariable[] {
  declared ??= collect();
  return declared;
}

let declared: readonly DeclaredVariable[] | undefined;

function collect(): readonly DeclaredVariable[] {
  const byName = new Map<string, DeclaredVariable>();
  for (const [app, catalogue] of Object.entries(CATALOGUES) as [App, Record<string, Variable<unknown>>][]) {
    for (const variable of Object.values(catalogue)) {
      const spellings = namesOf(variable);
      const known = byName.get(spellings[0]) ?? {
        variable,
        readBy: [],
        spellings,
        names: [...spellings, ...(variable.olderNames ?? [])],
      };
      byName.set(spellings[0], { ...known, readBy: [...known.readBy, app] });
    }
  }
  return [...byName.values()];
}
