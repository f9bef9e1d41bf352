import { HexclaveError } from '@hexclave/errors';
import { readAnswerError, type ServerError } from './answer-error.ts';
import { pause, withDeadline } from './deadline.ts';
import { timedOut, unreachable } from './errors.ts';
import type { Settings } from './options.ts';
import { type Failure, retryDelayMs } from './retry.ts';

export type CallOptions = {
  /** Ends the call, pauses between attempts included; it then rejects with the reason of the signal. */
  signal?: AbortSignal;
  /** For this call, instead of the client's. In ms, for each attempt. */
  timeoutMs?: number;
  maxAttempts?: number;
};

/** One request to the API, ready to be sent. */
export type ApiRequest = {
  readonly method: string;
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Reads a successful answer; the time-out of the attempt holds for it too. */
export type ReadAnswer<T> = (response: Response, signal: AbortSignal) => Promise<T>;

/**
 * Sends a request, and again where that does no harm.
 *
 * @throws {ApiError} what the server answered instead
 * @throws {HexclaveError} API_UNREACHABLE, API_TIMEOUT, API_ANSWER_UNEXPECTED
 */
export async function send<T>(
  settings: Settings,
  request: ApiRequest,
  options: CallOptions,
  read: ReadAnswer<T>,
): Promise<T> {
  const { method } = request;
  const maxAttempts = options.maxAttempts ?? settings.maxAttempts;
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt(settings, request, options, read);
    if ('value' in outcome) return outcome.value;
    const { error, failure } = outcome;
    const delay = failure && retryDelayMs({ method, failure, attempts, maxAttempts, random: Math.random() });
    if (delay === undefined) throw error;
    await pause(delay, options.signal);
  }
}

/** Without a failure the error is none of the server's or the network's, and nothing is to be tried again. */
type Outcome<T> = { value: T } | { error: unknown; failure?: Failure };

async function attempt<T>(
  settings: Settings,
  request: ApiRequest,
  options: CallOptions,
  read: ReadAnswer<T>,
): Promise<Outcome<T>> {
  const timeoutMs = options.timeoutMs ?? settings.timeoutMs;
  const onTimeout = () => timedOut(settings.server, timeoutMs);
  try {
    return await withDeadline(options.signal, timeoutMs, onTimeout, (signal) =>
      exchange(settings, request, signal, read),
    );
  } catch (error) {
    if (options.signal?.aborted || isAnswerProblem(error)) return { error };
    const known = isTimeout(error) ? error : unreachable(settings.server, error);
    return { error: known, failure: { kind: 'no-answer' } };
  }
}

async function exchange<T>(
  settings: Settings,
  request: ApiRequest,
  signal: AbortSignal,
  read: ReadAnswer<T>,
): Promise<Outcome<T>> {
  const response = await settings.fetch(`${settings.apiUrl}${request.path}`, {
    method: request.method,
    headers: {
      ...settings.headers,
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    // Followed elsewhere, it would take the keys along.
    redirect: 'manual',
    signal,
  });
  if (response.ok) return { value: await read(response, signal) };
  return readAnswerError(settings.server, response, Date.now()) satisfies Promise<ServerError>;
}

function isTimeout(error: unknown): boolean {
  return error instanceof HexclaveError && error.code === 'API_TIMEOUT';
}

function isAnswerProblem(error: unknown): boolean {
  return error instanceof HexclaveError && error.code === 'API_ANSWER_UNEXPECTED';
}
