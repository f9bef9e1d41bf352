import { HexclaveError } from '@hexclave/errors';
import { type Choice, choose, type Flavour, type Source } from './choose.ts';
import { type Catalogue, type Mode, namesOf, type Resolved, type Variable } from './variable.ts';

type Reading = { value: unknown; isSet: boolean; problem?: string };

const SHOWN_LENGTH = 40;

/**
 * Reads all variables of a catalogue. An empty value counts as unset.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID, which lists every problem at once and shows no secret's value
 */
export function resolveEnvironment<C extends Catalogue>(source: Source, catalogue: C): Resolved<C> {
  const mode = modeOf(source);
  const keys = Object.keys(catalogue);
  const readings = new Map(keys.map((key) => [key, read(source, variableOf(catalogue, key), mode)]));
  const problems = [
    ...[...readings.values()].flatMap(({ problem }) => problem ?? []),
    ...keys.flatMap((key) => missingCompanions(catalogue, key, readings)),
  ];
  if (problems.length > 0) throw invalidEnvironment(problems);
  return Object.fromEntries([...readings].map(([key, { value }]) => [key, value])) as Resolved<C>;
}

/** Only the exact word counts: anything else is reported by the catalogue's own `NODE_ENV`. */
function modeOf(source: Source): Mode {
  return source.NODE_ENV === 'production' ? 'production' : 'development';
}

function read(source: Source, variable: Variable<unknown>, mode: Mode): Reading {
  const choice = chooseValue(source, variable, 'server');
  if (choice.kind === 'unset') return readUnset(variable, mode);
  if (choice.kind === 'conflict')
    return { value: undefined, isSet: true, problem: describeConflict(choice, variable.visibility) };
  const value = variable.parser.parse(choice.text);
  if (value !== undefined) return { value, isSet: true };
  const shown = variable.visibility === 'secret' ? '' : ` (it is ${show(choice.text)})`;
  return { value: undefined, isSet: true, problem: `${choice.name} must be ${variable.parser.expects}${shown}.` };
}

/** What a variable is set to. Names from before a renaming count only where neither present one is set. */
export function chooseValue(source: Source, variable: Variable<unknown>, flavour: Flavour): Choice {
  const choice = choose(source, namesOf(variable), flavour);
  if (choice.kind !== 'unset') return choice;
  const older = (variable.olderNames ?? []).map((name) => choose(source, [name], flavour));
  return older.find(({ kind }) => kind === 'set') ?? choice;
}

/** One sentence: both names, what differs unless it is secret, and what to do. */
export function describeConflict(
  { first, second }: Choice & { kind: 'conflict' },
  visibility: Variable<unknown>['visibility'],
): string {
  const values = visibility === 'secret' ? '' : ` (${show(first.text)} and ${show(second.text)})`;
  const remedy = `Keep the right one as ${first.name}, and unset ${second.name}, its older name.`;
  return `${first.name} and ${second.name} are set to different values${values}. ${remedy}`;
}

function readUnset(variable: Variable<unknown>, mode: Mode): Reading {
  const value = variable.defaults?.[mode];
  if (variable.requiredInProduction !== true || mode !== 'production') return { value, isSet: false };
  const [name] = namesOf(variable);
  return { value, isSet: false, problem: `${name} must be set in production: ${variable.parser.expects}.` };
}

function missingCompanions(catalogue: Catalogue, key: string, readings: Map<string, Reading>): string[] {
  const variable = variableOf(catalogue, key);
  if (readings.get(key)?.isSet !== true) return [];
  return (variable.requires ?? [])
    .filter((other) => readings.get(other)?.isSet !== true)
    .map((other) => `${namesOf(variableOf(catalogue, other))[0]} must be set too, as ${namesOf(variable)[0]} is.`);
}

function variableOf(catalogue: Catalogue, key: string): Variable<unknown> {
  const variable = catalogue[key];
  if (variable === undefined) throw new Error(`The catalogue has no variable ${key}`);
  return variable;
}

/** An address without the user name and password in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/.*@/s, '//***@');
}

/** In quotes, short, without credentials and without anything that a terminal would act upon. */
export function show(text: string): string {
  const safe = withoutCredentials(text);
  const short = safe.length > SHOWN_LENGTH ? `${safe.slice(0, SHOWN_LENGTH)}...` : safe;
  return JSON.stringify(short).replace(/[^\x20-\x7e]/g, '?');
}

export function invalidEnvironment(problems: string[]): HexclaveError {
  const list = problems.map((problem) => `- ${problem}`).join('\n');
  return new HexclaveError({
    code: 'ENVIRONMENT_INVALID',
    message: `The environment variables cannot be used:\n${list}`,
    remedy:
      'Correct each of them as it says, then start again. `hexclave env check` explains them; all variables: docs/reference/environment.md',
  });
}
