import { PROFILE_MEASURE_NAMES, PROFILE_MEASURES, PROFILE_UNITS, type ProfileMeasure } from '@hexclave/config';
import { ESSENTIAL, type Lacking } from './measures.ts';
import type { FiredTrigger, LogEntry, Measurement, PlanNode } from './source.ts';

/** What an answer must be, in words for whoever has to find out why it was not. */
export const EXPECTED =
  'exactly one finished entry for the query id, with every measure a finite number of at least 0 in its own unit, or a reason for its absence';

/** A measurement, or what is wrong with the answer. */
export type Judged = { readonly measurement: Measurement } | { readonly fault: string };

/** Whether an answer can be trusted. Nothing is mended: a number that is missing or impossible makes all of it unusable. */
export function judgeAnswer(queryId: string, answer: unknown): Judged {
  if (!Array.isArray(answer)) return { fault: `no list of entries, but ${kindOf(answer)}` };
  if (answer.length === 0) return { fault: 'no entry' };
  const entries = answer as unknown[];
  if (!entries.every(isRecord)) return { fault: 'an entry that is no object' };
  if (entries.some((entry) => entry.queryId !== queryId)) return { fault: 'an entry of another query' };
  if (entries.some((entry) => entry.state === 'failed')) return { fault: 'an entry that says that the query failed' };
  const finished = entries.filter((entry) => entry.state === 'finished');
  const [entry] = finished;
  if (entry === undefined) return { fault: `${entries.length} entries, none of them finished` };
  if (finished.length > 1) return { fault: `${finished.length} finished entries` };
  const fault = findFault(entry);
  return fault === null ? { measurement: toMeasurement(entry as unknown as LogEntry) } : { fault };
}

function findFault({ measures, lacking, plan, triggers }: Record<string, unknown>): string | null {
  if (!isRecord(measures) || !isRecord(lacking)) return 'an entry without measures';
  const unknown = Object.keys(measures).find((name) => !Object.hasOwn(PROFILE_MEASURES, name));
  if (unknown !== undefined) return `a measure that nobody knows, ${shown(unknown)}`;
  for (const name of PROFILE_MEASURE_NAMES) {
    const fault = measures[name] === undefined ? faultOfAbsence(name, lacking) : faultOf(name, measures[name]);
    if (fault !== null) return fault;
  }
  if (plan !== null && !isPlan(plan)) return 'an entry whose plan is no plan';
  if (!Array.isArray(triggers) || !triggers.every(isTrigger)) return 'an entry whose triggers are no list of triggers';
  return null;
}

function isPlan(plan: unknown): boolean {
  if (!isRecord(plan)) return false;
  const { node, relation, index, rows, expectedRows, loops, removedRows, children } = plan as Partial<PlanNode>;
  return (
    typeof node === 'string' &&
    [relation, index].every((name) => name === null || typeof name === 'string') &&
    [rows, expectedRows, loops, removedRows].every(isAmount) &&
    Array.isArray(children) &&
    children.every(isPlan)
  );
}

function isTrigger(trigger: unknown): boolean {
  if (!isRecord(trigger)) return false;
  const { name, calls, timeMs } = trigger as Partial<FiredTrigger>;
  return typeof name === 'string' && isAmount(calls) && isAmount(timeMs);
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function faultOfAbsence(name: ProfileMeasure, lacking: Record<string, unknown>): string | null {
  const isExcused = typeof lacking[name] === 'string' && !ESSENTIAL.includes(name);
  return isExcused ? null : `a partial entry: ${name} is missing`;
}

function faultOf(name: ProfileMeasure, measure: unknown): string | null {
  if (!isRecord(measure)) return `${name} is ${kindOf(measure)}`;
  const { value, unit } = measure;
  if (!PROFILE_UNITS.some((known) => known === unit)) return `${name} is in the unknown unit ${shown(unit)}`;
  if (unit !== PROFILE_MEASURES[name]) return `${name} is in ${shown(unit)} instead of ${PROFILE_MEASURES[name]}`;
  if (typeof value !== 'number' || !Number.isFinite(value)) return `${name} is ${shown(value)}`;
  return value < 0 ? `${name} is negative (${value})` : null;
}

function toMeasurement({ measures, lacking, plan, triggers }: LogEntry): Measurement {
  const there = PROFILE_MEASURE_NAMES.filter((name) => measures[name] !== undefined);
  const absent = PROFILE_MEASURE_NAMES.filter((name) => measures[name] === undefined);
  return {
    measures: Object.fromEntries(there.map((name) => [name, measures[name]?.value])),
    lacking: Object.fromEntries(absent.map((name) => [name, lacking[name]])) as Lacking,
    plan,
    triggers,
  };
}

const LONGEST_SHOWN = 40;

/** What a broken source sent, short enough for a message. Texts are only shown where no value of a row can be. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, LONGEST_SHOWN)) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number') return String(value);
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
