import { errorCode } from '@hexclave/db';
import type { ComparableRows, DestinationVerification, Digest, FoundDifference, Key } from '../destination.ts';
import { DestinationError } from '../destination-error.ts';
import { SourceError } from '../engine/bulk.ts';
import { type Examination, examine } from './examine.ts';
import { comparablePosition, NotComparableError, type Subject } from './judge.ts';
import { type ComparedRange, EMPTY, narrowDown } from './narrow.ts';
import { afterTimeout, FIRST_RANGE_ROWS, nextRangeRows } from './range-size.ts';
import { sourceRows } from './source.ts';

/** What was found in one mapping so far. Times are by the internal database's clock. */
export type MappingResult = {
  readonly mapping: string;
  /** `skipped`: it could not be compared, for the reason given. */
  readonly state: 'running' | 'verified' | 'skipped';
  readonly reason: string | null;
  readonly startedAt: string;
  /** Rows of the source that were compared. */
  readonly rows: number;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  readonly repaired: number;
  /** Rows that are different still: not repaired, or repaired in vain. */
  readonly remaining: number;
  /** Rows that the target refuses. */
  readonly parked: number;
  /** Rows that changed at every look. */
  readonly unsettled: number;
  /** Changes were on their way, and the target stood still: nothing is said of what it has to come to. */
  readonly standsStill: boolean;
};

/** Where a pass is: the last key compared of the mapping that is running, and how many rows the next range has. */
export type Progress = { readonly mapping: string; readonly after: Key | null; readonly rows: number };

/** All that has to be kept of a pass for another process to go on with it. */
export type PassState = { readonly progress: Progress | null; readonly results: readonly MappingResult[] };

export type Difference = FoundDifference & { readonly mapping: string };

/** What one step of a pass did. */
export type Step = {
  readonly state: PassState;
  readonly differences: readonly Difference[];
  readonly finished: boolean;
  /** The target is not where it has to be, which the engine may not know. */
  readonly needsSync: boolean;
};

export type PassContext = {
  /** The mappings to compare, in order. */
  readonly subjects: readonly Subject[];
  readonly verification: DestinationVerification;
  readonly repair: boolean;
  readonly signal: AbortSignal;
  /** The time by the internal database's clock, as ISO 8601. */
  now(): Promise<string>;
};

/** More are looked at in smaller ranges: each takes several round trips, and what a step has done is only kept at its end. */
const MOST_CANDIDATES = 250;

export const NOT_BEGUN: PassState = { progress: null, results: [] };

/** Compares the next range of a pass. */
export async function stepPass(context: PassContext, state: PassState): Promise<Step> {
  const subject = nextSubject(context, state.results);
  if (subject === undefined)
    return { state: { ...state, progress: null }, differences: [], finished: true, needsSync: false };
  const name = subject.mapping.name;
  const begun = state.results.find(({ mapping }) => mapping === name) ?? resultOf(name, await context.now());
  const progress = state.progress?.mapping === name ? state.progress : firstOf(name);
  const { result, next, differences } = await compareNext(context, subject, begun, progress);
  const results = [...state.results.filter(({ mapping }) => mapping !== name), result];
  const finished = nextSubject(context, results) === undefined;
  const needsSync = result.reason === COPY_UNDER_WAY || (result.standsStill && !begun.standsStill);
  return { state: { progress: next, results }, differences, finished, needsSync };
}

function nextSubject({ subjects }: PassContext, results: readonly MappingResult[]): Subject | undefined {
  const done = new Set(results.filter(({ state }) => state !== 'running').map(({ mapping }) => mapping));
  return subjects.find(({ mapping }) => !done.has(mapping.name));
}

function firstOf(mapping: string): Progress {
  return { mapping, after: null, rows: FIRST_RANGE_ROWS };
}

function resultOf(mapping: string, startedAt: string): MappingResult {
  const none = { rows: 0, missing: 0, extra: 0, different: 0, repaired: 0, remaining: 0, parked: 0, unsettled: 0 };
  return { mapping, state: 'running', reason: null, startedAt, ...none, standsStill: false };
}

type Compared = {
  readonly result: MappingResult;
  readonly next: Progress | null;
  readonly differences: readonly Difference[];
};

async function compareNext(
  context: PassContext,
  subject: Subject,
  result: MappingResult,
  progress: Progress,
): Promise<Compared> {
  try {
    if (progress.after === null) {
      await comparablePosition(subject, await context.verification.readPosition(subject.target));
    }
    return await compareOne(context, subject, result, progress);
  } catch (error) {
    const smaller = afterTimeout(progress.rows);
    if (isTimeout(error) && smaller < progress.rows) {
      return { result, next: { ...progress, rows: smaller }, differences: [] };
    }
    return { result: { ...result, state: 'skipped', reason: reasonOf(error) }, next: null, differences: [] };
  }
}

const COPY_UNDER_WAY = 'COPY_UNDER_WAY';

/** Why a mapping cannot be compared; throws what concerns the whole database, or this server. */
function reasonOf(error: unknown): string {
  if (error instanceof NotComparableError) return COPY_UNDER_WAY;
  if (error instanceof DestinationError && error.scope !== 'connection') return error.code;
  throw error;
}

const QUERY_CANCELED = '57014';

function isTimeout(error: unknown): boolean {
  if (error instanceof SourceError) return errorCode(error.cause) === QUERY_CANCELED;
  return error instanceof DestinationError && error.scope === 'transient';
}

async function compareOne(
  { verification, repair, signal }: PassContext,
  subject: Subject,
  result: MappingResult,
  progress: Progress,
): Promise<Compared> {
  const { db, tenancyId, mapping, target } = subject;
  const [source, copy] = [sourceRows(db, tenancyId, mapping, target), verification.rowsOf(target)];
  const started = performance.now();
  const compared = await compareRange(source, copy, progress);
  const rows = nextRangeRows(progress.rows, performance.now() - started);
  const candidates = await narrowDown(source, copy, compared);
  const fewer = afterTimeout(progress.rows);
  if (candidates.length > MOST_CANDIDATES && fewer < progress.rows) {
    return { result, next: { ...progress, rows: fewer }, differences: [] };
  }
  const examination = await examine(subject, verification, candidates, repair, signal);
  const { differences } = examination;
  const { through } = compared.range;
  const counted = count(result, compared.source.rows, examination);
  return {
    result:
      through === null ? { ...counted, state: 'verified', parked: await verification.countParked(target) } : counted,
    next: through === null ? null : { mapping: mapping.name, after: through, rows },
    differences: differences.map((difference) => ({ ...difference, mapping: mapping.name })),
  };
}

/** The next rows of the source, and whatever the target has between them. Where it has far more, the range is cut short. */
async function compareRange(
  source: ComparableRows,
  target: ComparableRows,
  { after, rows }: Progress,
): Promise<ComparedRange> {
  const [ours] = await source.pieces({ after, through: null }, rows, rows);
  const most = rows * 2;
  const [theirs] = await target.pieces({ after, through: ours?.last ?? null }, most, most);
  if (theirs?.last == null) {
    return { range: { after, through: ours?.last ?? null }, source: ours ?? EMPTY, target: theirs ?? EMPTY };
  }
  const range = { after, through: theirs.last };
  const [within]: Digest[] = await source.digests([range], rows);
  return { range, source: within ?? EMPTY, target: theirs };
}

function count(
  result: MappingResult,
  rows: number,
  { differences, unsettled, standsStill }: Examination,
): MappingResult {
  const kind = (wanted: FoundDifference['kind']) => differences.filter((found) => found.kind === wanted).length;
  const outcome = (wanted: FoundDifference['outcome']) =>
    differences.filter((found) => found.outcome === wanted).length;
  return {
    ...result,
    rows: result.rows + rows,
    missing: result.missing + kind('missing'),
    extra: result.extra + kind('extra'),
    different: result.different + kind('different'),
    repaired: result.repaired + outcome('repaired'),
    remaining: result.remaining + outcome('found') + outcome('persists'),
    unsettled: result.unsettled + unsettled,
    standsStill: result.standsStill || standsStill,
  };
}
