/** What a failed statement means for the transaction it ran in. */
export type Retryability = 'transaction' | 'connection' | 'never';

/** SQLSTATEs after which the same transaction, run again, can succeed (PostgreSQL manual, section 13.5 and appendix A). */
const TRANSIENT_SQLSTATES = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
]);

const CONNECTION_SQLSTATE_PATTERN = /^(08...|57P0[123]|53300)$/;
const CONNECTION_ERRNOS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);
const CONNECTION_MESSAGES =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect/;

/** The SQLSTATE or errno of a driver error, if it carries one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Decides from SQLSTATE, errno and message whether a transaction is worth running again. */
export function retryability(error: unknown): Retryability {
  const code = errorCode(error);
  if (code !== undefined && TRANSIENT_SQLSTATES.has(code)) return 'transaction';
  if (code !== undefined && (CONNECTION_SQLSTATE_PATTERN.test(code) || CONNECTION_ERRNOS.has(code)))
    return 'connection';
  if (error instanceof Error && CONNECTION_MESSAGES.test(error.message)) return 'connection';
  return 'never';
}

/** Milliseconds before attempt `attempt` (1 = first retry): exponential with full jitter, so that rivals part. */
export function backoffMs(attempt: number, baseMs: number, capMs: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)));
}
