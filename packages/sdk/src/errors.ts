import type { KnownErrorCode, KnownErrorDetails } from '@hexclave/contract';
import { HexclaveError } from '@hexclave/errors';

type Facts = {
  code: string;
  message: string;
  status: number;
  details: Record<string, unknown>;
  requestId: string | undefined;
  retryAfterMs: number | undefined;
};

/**
 * The server's answer that it did not do what was asked. `code` is documented in docs/reference/errors.md; a newer
 * server may have codes that this client does not know. Use {@link isApiError} to read `details` with their types.
 */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: string;
  /** HTTP status of the answer. */
  readonly status: number;
  readonly details: Record<string, unknown>;
  /** Under which the server's log has more. */
  readonly requestId: string | undefined;
  /** When the server says that the same request may be sent again. */
  readonly retryAfterMs: number | undefined;

  constructor(facts: Facts) {
    super(facts.message);
    this.code = facts.code;
    this.status = facts.status;
    this.details = facts.details;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** Whether it is that answer of the API: `if (isApiError(error, 'USER_NOT_FOUND')) …`. Without a code: any answer. */
export function isApiError<Code extends KnownErrorCode>(
  error: unknown,
  code: Code,
): error is ApiError & { code: Code; details: KnownErrorDetails<Code> };
export function isApiError(error: unknown): error is ApiError;
export function isApiError(error: unknown, code?: string): boolean {
  return error instanceof ApiError && (code === undefined || error.code === code);
}

export function unreachable(server: string, cause: unknown): HexclaveError {
  const reason = reasonOf(cause);
  return new HexclaveError({
    code: 'API_UNREACHABLE',
    message: `${server} cannot be reached${reason === undefined ? '' : ` (${reason})`}.`,
    remedy: 'Check that the server runs, and that the client’s baseUrl is the address of its API.',
  });
}

export function timedOut(server: string, timeoutMs: number): HexclaveError {
  return new HexclaveError({
    code: 'API_TIMEOUT',
    message: `${server} did not answer within ${timeoutMs} ms.`,
    remedy: 'Try again. Whether a change was made is not known; where answers take longer, raise timeoutMs.',
  });
}

/** `passes`: trying again later can help, as while a proxy waits for a server that starts. */
export function notUnderstood(server: string, what: string, passes = false): HexclaveError {
  return new HexclaveError({
    code: 'API_ANSWER_UNEXPECTED',
    message: `${server} ${what}, which is no answer of Hexclave’s.`,
    remedy: 'Check that baseUrl is the address of the API itself, and what a proxy before it does.',
    retryable: passes,
  });
}

export function misconfigured(message: string, remedy: string): HexclaveError {
  return new HexclaveError({ code: 'CLIENT_MISCONFIGURED', message, remedy });
}

/** Only the code: messages of the network may quote whatever was sent. */
function reasonOf(error: unknown): string | undefined {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : undefined;
}
