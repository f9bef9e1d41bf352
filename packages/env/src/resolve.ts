import { HexclaveError } from '@hexclave/errors';
import { type Catalogue, type Mode, namesOf, type Resolved, type Variable } from './variable.ts';

/** What `process.env` looks like. */
export type Source = Readonly<Record<string, string | undefined>>;

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
  if (problems.length > 0) throw invalid(problems);
  return Object.fromEntries([...readings].map(([key, { value }]) => [key, value])) as Resolved<C>;
}

/** Only the exact word counts: anything else is reported by the catalogue's own `NODE_ENV`. */
function modeOf(source: Source): Mode {
  return source.NODE_ENV === 'production' ? 'production' : 'development';
}

function read(source: Source, variable: Variable<unknown>, mode: Mode): Reading {
  const set = namesOf(variable).flatMap((name) => settingOf(source, name));
  const [first, second] = set;
  if (first === undefined) return readUnset(variable, mode);
  if (second !== undefined && second.text !== first.text) {
    const problem = `${first.name} and ${second.name} are set to different values: unset ${second.name}, the older name.`;
    return { value: undefined, isSet: true, problem };
  }
  const value = variable.parser.parse(first.text);
  if (value !== undefined) return { value, isSet: true };
  const shown = variable.visibility === 'secret' ? '' : ` (it is ${show(first.text)})`;
  return { value: undefined, isSet: true, problem: `${first.name} must be ${variable.parser.expects}${shown}.` };
}

function settingOf(source: Source, name: string): { name: string; text: string }[] {
  const text = source[name];
  return text === undefined || text.trim() === '' ? [] : [{ name, text }];
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

/** In quotes, short, without credentials and without anything that a terminal would act upon. */
function show(text: string): string {
  const safe = text.replace(/\/\/.*@/s, '//***@');
  const short = safe.length > SHOWN_LENGTH ? `${safe.slice(0, SHOWN_LENGTH)}...` : safe;
  return JSON.stringify(short).replace(/[^\x20-\x7e]/g, '?');
}

function invalid(problems: string[]): HexclaveError {
  const list = problems.map((problem) => `- ${problem}`).join('\n');
  return new HexclaveError({
    code: 'ENVIRONMENT_INVALID',
    message: `The environment variables cannot be used:\n${list}`,
    remedy: 'Correct each of them as it says, then start again. All variables: docs/reference/environment.md',
  });
}
