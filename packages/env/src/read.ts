import { everyVariable } from './catalogue/index.ts';
import { choose, type Flavour, type Source } from './choose.ts';
import { boolean } from './parsers.ts';
import { currentEnvironment } from './process.ts';
import { chooseValue, describeConflict, invalidEnvironment } from './resolve.ts';
import { canonicalName, spellingsOf } from './spelling.ts';
import { namesOf, type Variable } from './variable.ts';

export type ReadOptions = {
  /** When it is set under no name. Without it, that is an error. */
  fallback?: string;
  /** Default: the environment of the process. */
  source?: Source;
  /** Default: `server`. */
  flavour?: Flavour;
};

/**
 * One variable by its name, for tools that read one or two. Programs read a catalogue with `resolveEnvironment`.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID when its two names have different values, when it is not set and there is
 * no fallback, or when the name is one from before a renaming: the message names its successor
 */
export function getEnvVariable(name: string, options: ReadOptions = {}): string {
  const canonical = canonicalName(name);
  const variable = everyVariable().find((declared) => namesOf(declared.variable)[0] === canonical)?.variable;
  if (variable === undefined) assertNotRenamed(name);
  const { source = currentEnvironment(), flavour = 'server', fallback } = options;
  const choice =
    variable === undefined ? chooseUndeclared(source, name, flavour) : chooseValue(source, variable, flavour);
  // Nobody has said that an undeclared one may be shown.
  if (choice.kind === 'conflict')
    throw invalidEnvironment([describeConflict(choice, variable?.visibility ?? 'secret')]);
  if (choice.kind === 'set') return choice.text;
  if (fallback !== undefined) return fallback;
  throw invalidEnvironment([`${canonical} must be set.`]);
}

/** The same for a switch. @throws {HexclaveError} ENVIRONMENT_INVALID also for anything but `true` and `false` */
export function getEnvBoolean(
  name: string,
  options: Omit<ReadOptions, 'fallback'> & { fallback?: boolean } = {},
): boolean {
  const { fallback, ...rest } = options;
  const text = getEnvVariable(name, { ...rest, ...(fallback !== undefined && { fallback: String(fallback) }) });
  const value = boolean().parse(text);
  if (value === undefined) throw invalidEnvironment([`${canonicalName(name)} must be ${boolean().expects}.`]);
  return value;
}

function chooseUndeclared(source: Source, name: string, flavour: Flavour) {
  return choose(source, spellingsOf(name) ?? [name], flavour);
}

function assertNotRenamed(name: string): void {
  const successor = successorOf(name);
  if (successor === undefined) return;
  throw invalidEnvironment([`${name} was renamed: ask for ${namesOf(successor)[0]}.`]);
}

/** The variable that goes by another name now. */
export function successorOf(name: string): Variable<unknown> | undefined {
  return everyVariable().find(({ variable }) => variable.olderNames?.includes(name))?.variable;
}
