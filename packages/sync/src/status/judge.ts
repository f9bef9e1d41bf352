import type { Backlog, Moment } from './backlog.ts';

/** What a copy is at a glance; the first that holds. */
export type SyncState = 'paused' | 'failing' | 'behind' | 'fresh';

/** The worst first. */
const SEVERITY: readonly SyncState[] = ['failing', 'behind', 'paused', 'fresh'];

/** How far a count can be trusted. `at_least`: counting was ended there. `about`: an estimate. */
export type Precision = 'exact' | 'at_least' | 'about';

/** What is still to come, and since when. `since` `null`: nothing is, or it is not known. */
export type Behind = { readonly rows: number; readonly precision: Precision; readonly since: Date | null };

/** A change may be this old before its copy counts as behind: the time of a few tries and of a slow link. */
export const FRESH_WITHIN_MS = 5_000;

/** Without a wake, a sequencer looks this often for what has no number yet. */
const SEQUENCER_POLL_MS = 1_000;

/** The span over which rates are told, in ms: a little more than there is between two samples. */
export const RATE_SPAN_MS = 35_000;

type Clock = { readonly now: Date; readonly sequencerIsOn: boolean; readonly oldestRequestAt: Date | null };

/** What a stream has still to come to. */
export function behindOf(backlog: Backlog, limit: number, clock: Clock): Behind {
  const rows = backlog.numbered + backlog.unnumbered;
  const numbered = backlog.numberedSince && numberedSince(backlog.numberedSince, clock);
  const unnumbered = backlog.unnumberedSince && unnumberedSince(backlog.unnumberedSince, clock);
  return {
    rows: Math.min(rows, limit),
    precision: rows >= limit ? 'at_least' : 'exact',
    since: earliest([numbered, unnumbered]),
  };
}

/**
 * The samples say between which two of them a number was given out. The request that was queued with the first number is more
 * exact, if it is of that time: an older one was for changes that have arrived, unless they had waited for their number.
 */
function numberedSince({ from, to, late }: Moment, { now, oldestRequestAt }: Clock): Date | null {
  if (oldestRequestAt === null || late) return from;
  if (from === null) return to === null ? oldestRequestAt : null;
  return oldestRequestAt >= from && oldestRequestAt <= (to ?? now) ? oldestRequestAt : from;
}

/** What was written after the last sample, a sequencer that runs has not yet come to in the last second. */
function unnumberedSince({ from, to }: Moment, { now, sequencerIsOn }: Clock): Date | null {
  if (from === null || to !== null || !sequencerIsOn) return from;
  return new Date(Math.max(from.getTime(), now.getTime() - SEQUENCER_POLL_MS));
}

/** What a copy has still to come to. `expected` `null`: nobody knows. */
export function behindOfCopy(expected: number | null, copied: number): Behind {
  return { rows: Math.max(0, (expected ?? copied) - copied), precision: 'about', since: null };
}

/** Several tables or databases together. */
export function behindTogether(parts: readonly Behind[]): Behind {
  const has = (precision: Precision) => parts.some((part) => part.precision === precision);
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    precision: has('about') ? 'about' : has('at_least') ? 'at_least' : 'exact',
    since: earliest(parts.map(({ since }) => since)),
  };
}

export type Condition = {
  readonly paused: boolean;
  readonly failing: boolean;
  /** Something is still to be copied for the first time, or anew. */
  readonly copying: boolean;
  readonly behind: Behind;
};

export function stateOf({ paused, failing, copying, behind }: Condition, now: Date): SyncState {
  if (paused) return 'paused';
  if (failing) return 'failing';
  if (copying) return 'behind';
  if (behind.rows === 0) return 'fresh';
  return behind.since === null || now.getTime() - behind.since.getTime() > FRESH_WITHIN_MS ? 'behind' : 'fresh';
}

/** The worst of several; `null` of none. */
export function worstState(states: readonly SyncState[]): SyncState | null {
  return SEVERITY.find((state) => states.includes(state)) ?? null;
}

/** Up to when all changes are there; `null` when that cannot be said. */
export function freshThrough({ copying, behind }: Omit<Condition, 'paused' | 'failing'>, now: Date): Date | null {
  if (copying) return null;
  return behind.rows === 0 ? now : behind.since;
}

/** Rows a second since the last sample; what happened before the span was idle, or it would have been sampled. */
export function rateOf(rows: number, since: Date, now: Date): number {
  const ms = Math.min(now.getTime() - since.getTime(), RATE_SPAN_MS);
  return ms <= 0 ? 0 : Math.round((Math.max(0, rows) / ms) * 10_000) / 10;
}

export function earliest(dates: readonly (Date | null | undefined)[]): Date | null {
  return extreme(dates, (a, b) => a < b);
}

export function latest(dates: readonly (Date | null | undefined)[]): Date | null {
  return extreme(dates, (a, b) => a > b);
}

function extreme(dates: readonly (Date | null | undefined)[], isBefore: (a: Date, b: Date) => boolean): Date | null {
  return dates.reduce<Date | null>(
    (best, date) => (date && (best === null || isBefore(date, best)) ? date : best),
    null,
  );
}
