import {
  choose,
  describeConflict,
  everyVariable,
  invalidEnvironment,
  namesOf,
  type Source,
  type Spellings,
  spellingsOf,
} from '@hexclave/env';

/** New values by name; `undefined` for a variable that is to be unset. */
export type Changes = Map<string, string | undefined>;

/**
 * Gives every variable that goes by two names both of them, so that whatever runs in the container may read either.
 * What says nothing, because it is empty or a sentinel that was never replaced, is unset. Variables that Hexclave does
 * not know are mirrored too: a hook of the operator's may.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID when two names have different values, in the words of the server
 */
export function mirror(source: Source): Changes {
  const changes: Changes = new Map();
  const problems: string[] = [];
  for (const spellings of variablesIn(source)) {
    const choice = choose(source, spellings, 'server');
    if (choice.kind === 'conflict') problems.push(describeConflict(choice, visibilityOf(spellings[0])));
    const value = choice.kind === 'set' ? choice.text : undefined;
    for (const name of spellings) if (source[name] !== value) changes.set(name, value);
  }
  if (problems.length > 0) throw invalidEnvironment(problems);
  return changes;
}

/** What a shell can name. */
const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Each once, whichever of its names are there. */
function variablesIn(source: Source): Iterable<Spellings> {
  const byName = new Map<string, Spellings>();
  for (const name of Object.keys(source).sort()) {
    const spellings = spellingsOf(name);
    if (spellings !== undefined && IDENTIFIER.test(name)) byName.set(spellings[0], spellings);
  }
  return byName.values();
}

/** Nobody has said that one which is not declared may be shown. */
function visibilityOf(canonical: string): 'public' | 'secret' {
  const declared = everyVariable().find(({ variable }) => namesOf(variable)[0] === canonical);
  return declared?.variable.visibility ?? 'secret';
}
