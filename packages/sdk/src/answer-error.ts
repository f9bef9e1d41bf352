import { ApiError, notUnderstood } from './errors.ts';
import { type Failure, parseRetryAfter } from './retry.ts';

export type ServerError = { readonly error: Error; readonly failure: Failure };

const MOST_SHOWN = 100;

/** What an answer says that is not a success. `now`: ms since 1970. */
export async function readAnswerError(server: string, response: Response, now: number): Promise<ServerError> {
  const { status, headers } = response;
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), now);
  const failure = { kind: 'answer', status, retryAfterMs } as const;
  if (isRedirect(response)) {
    await response.body?.cancel();
    return { error: notUnderstood(server, `answered with a redirect${targetOf(headers)}`), failure };
  }
  const known = parseKnownError(await response.text());
  if (known === undefined) {
    return { error: notUnderstood(server, `answered with status ${status}`, status >= 500), failure };
  }
  const requestId = headers.get('x-hexclave-request-id') ?? undefined;
  return { error: new ApiError({ ...known, status, requestId, retryAfterMs }), failure };
}

/** Browsers hide everything about a redirect that they were told not to follow. */
function isRedirect(response: Response): boolean {
  return response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400);
}

function targetOf(headers: Headers): string {
  const location = headers.get('location') ?? '';
  return URL.canParse(location) ? ` to ${new URL(location).origin.slice(0, MOST_SHOWN)}` : '';
}

type KnownErrorBody = { code: string; message: string; details: Record<string, unknown> };

/** Undefined when it is none. */
export function parseKnownError(text: string): KnownErrorBody | undefined {
  const { code, error, details } = (parseJson(text) ?? {}) as { code?: unknown; error?: unknown; details?: unknown };
  if (typeof code !== 'string' || typeof error !== 'string') return undefined;
  return { code, message: error, details: (details ?? {}) as Record<string, unknown> };
}

/** Undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
