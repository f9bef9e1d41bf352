import type { Source } from '@hexclave/env';
import { HexclaveError } from '@hexclave/errors';
import { isBlank, type Spellings, spellingsOf } from './spellings.ts';

/** New values by name; `undefined` for a variable that is to be unset. */
export type Changes = Map<string, string | undefined>;

/**
 * Gives every variable that goes by two names both of them, so that whatever runs in the container may read either.
 * What says nothing is unset. Variables that Hexclave does not know are mirrored too: a hook of the operator's may.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID when two names have different values; no value is shown
 */
export function mirror(source: Source): Changes {
  const changes: Changes = new Map();
  const problems: string[] = [];
  for (const [canonical, legacy] of variablesIn(source)) {
    const set = [canonical, legacy].filter((name) => !isBlank(source[name]));
    const values = new Set(set.map((name) => source[name]));
    if (values.size > 1)
      problems.push(`${canonical} and ${legacy} are set to different values: unset ${legacy}, the older name.`);
    for (const name of [canonical, legacy]) noteChange(changes, source, name, [...values][0]);
  }
  if (problems.length > 0) throw conflicting(problems);
  return changes;
}

function variablesIn(source: Source): Iterable<Spellings> {
  const byName = new Map<string, Spellings>();
  for (const name of Object.keys(source).sort()) {
    const spellings = spellingsOf(name);
    if (spellings !== undefined) byName.set(spellings[0], spellings);
  }
  return byName.values();
}

function noteChange(changes: Changes, source: Source, name: string, value: string | undefined): void {
  if (source[name] !== value) changes.set(name, value);
}

function conflicting(problems: string[]): HexclaveError {
  return new HexclaveError({
    code: 'ENVIRONMENT_INVALID',
    message: `The environment variables cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    remedy: 'Correct each of them as it says, then start again. All variables: docs/reference/environment.md',
  });
}
