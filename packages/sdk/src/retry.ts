/** How an attempt failed: without an answer, or with one that says so. */
export type Failure =
  | { readonly kind: 'no-answer' }
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterMs?: number };

export type RetryQuestion = {
  readonly method: string;
  readonly failure: Failure;
  /** How many attempts there were, this one included. */
  readonly attempts: number;
  /** How many attempts there may be. */
  readonly maxAttempts: number;
  /** From 0 to 1: spreads the callers who failed together. */
  readonly random: number;
};

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** A server that asks for more is better waited for by the caller, who knows what for. */
const LONGEST_RETRY_AFTER_MS = 30_000;
/** These do the same once or twice. The one that comes second may find nothing left to delete. */
const REPEATABLE = new Set(['GET', 'DELETE']);
const PASSING_STATUSES = new Set([408, 502, 503, 504]);
const TOO_MANY_REQUESTS = 429;

/** How long to wait before the next attempt, in ms; undefined when there is none to be made. */
export function retryDelayMs({ method, failure, attempts, maxAttempts, random }: RetryQuestion): number | undefined {
  if (attempts >= maxAttempts || !mayRepeat(method, failure)) return undefined;
  const retryAfterMs = failure.kind === 'answer' ? failure.retryAfterMs : undefined;
  if (retryAfterMs !== undefined) return retryAfterMs <= LONGEST_RETRY_AFTER_MS ? retryAfterMs : undefined;
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
  return longest * (0.5 + random / 2);
}

/** A request that was turned away for being one too many has changed nothing, whatever it was. */
function mayRepeat(method: string, failure: Failure): boolean {
  if (failure.kind === 'answer' && failure.status === TOO_MANY_REQUESTS) return true;
  if (!REPEATABLE.has(method)) return false;
  return failure.kind === 'no-answer' || PASSING_STATUSES.has(failure.status);
}

/** The header `Retry-After` in ms: seconds, or a date. Undefined when it is neither. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const milliseconds = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1_000;
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}
