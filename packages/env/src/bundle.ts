import type { Source } from './choose.ts';
import { chooseValue, describeConflict, invalidEnvironment } from './resolve.ts';
import { type Catalogue, namesOf } from './variable.ts';

/**
 * What a bundler puts in the places of `process.env.X`, for the build of a hosted app: both names of every public
 * variable, so that literal reads of either are inlined. One that is not set becomes `undefined`, unless it has a
 * default. Sentinels pass through unchanged: a container replaces them when it starts.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID when two names have different values
 */
export function bundleDefinitions(source: Source, catalogue: Catalogue): Record<string, string> {
  const problems: string[] = [];
  const definitions = Object.values(catalogue).flatMap((variable) => {
    if (variable.visibility === 'secret') return [];
    const choice = chooseValue(source, variable, 'bundle');
    if (choice.kind === 'conflict') problems.push(describeConflict(choice, variable.visibility));
    const value = choice.kind === 'set' ? choice.text : variable.defaults?.production;
    return namesOf(variable).map((name) => [
      `process.env.${name}`,
      JSON.stringify(value === undefined ? undefined : String(value)) ?? 'undefined',
    ]);
  });
  if (problems.length > 0) throw invalidEnvironment(problems);
  return Object.fromEntries(definitions);
}
