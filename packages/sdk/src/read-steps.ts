import { parseJson, parseKnownError } from './answer-error.ts';
import { ApiError, notUnderstood, unreachable } from './errors.ts';
import { readEvents } from './events.ts';
import type { Settings } from './options.ts';
import type { CallOptions } from './transport.ts';

/** Asks a route that takes its time to tell each step. An older server answers in one piece. */
export const ASK_FOR_STEPS = { accept: 'text/event-stream, application/json' };

/** An answer that has begun has no status of its own any more. */
const STATUS_OF_A_BROKEN_ANSWER = 500;

export function tellsSteps({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

/**
 * Tells each step as it comes, and returns the reply at the end. However long the whole takes, each step comes in time.
 *
 * @throws {ApiError | HexclaveError} also when the steps end before the reply
 */
export async function readSteps(
  { server, timeoutMs }: Settings,
  response: Response,
  options: CallOptions,
  onStep: (step: unknown) => void,
): Promise<unknown> {
  const body = response.body as ReadableStream<Uint8Array>;
  const idleMs = options.timeoutMs ?? timeoutMs;
  for await (const { event, data } of readEvents(body, { server, signal: options.signal, idleMs })) {
    const value = parseJson(data);
    if (value === undefined) throw notUnderstood(server, 'sent an event without JSON');
    if (event === 'result') return value;
    if (event === 'error') throw brokenAnswer(server, response, data);
    if (event === 'step') onStep(value);
  }
  throw unreachable(server, undefined);
}

function brokenAnswer(server: string, { headers }: Response, text: string): Error {
  const known = parseKnownError(text);
  if (known === undefined) return notUnderstood(server, 'sent an error that says nothing');
  const requestId = headers.get('x-hexclave-request-id') ?? undefined;
  return new ApiError({ ...known, status: STATUS_OF_A_BROKEN_ANSWER, requestId, retryAfterMs: undefined });
}
