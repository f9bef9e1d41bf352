import { errorCode } from '@hexclave/db';
import { DestinationError, type DestinationErrorCode } from '@hexclave/sync';

/** SQLSTATEs and their classes (two characters), the more exact first. PostgreSQL manual, appendix A. */
const BY_SQLSTATE: Record<string, DestinationErrorCode> = {
  '28000': 'TARGET_SIGN_IN_FAILED',
  '28P01': 'TARGET_SIGN_IN_FAILED',
  '3D000': 'TARGET_DATABASE_MISSING',
  '53100': 'TARGET_DISK_FULL',
  '53300': 'TARGET_TOO_MANY_CONNECTIONS',
  '25006': 'TARGET_READ_ONLY',
  '42501': 'TARGET_PERMISSION_DENIED',
  '42P01': 'TARGET_TABLE_MISSING',
  '3F000': 'TARGET_TABLE_MISSING',
  '42703': 'TARGET_DRIFT',
  '42804': 'TARGET_DRIFT',
  '42P10': 'TARGET_DRIFT',
  '42809': 'TARGET_DRIFT',
  '55P03': 'TARGET_LOCKED',
  '40001': 'TARGET_CONFLICT',
  '40P01': 'TARGET_CONFLICT',
  '57014': 'TARGET_TIMEOUT',
  '08': 'TARGET_UNREACHABLE',
  '57': 'TARGET_UNREACHABLE',
  '53': 'TARGET_OUT_OF_RESOURCES',
  '22': 'TARGET_ROW_REFUSED',
  '23': 'TARGET_ROW_REFUSED',
  '27': 'TARGET_ROW_REFUSED',
  '44': 'TARGET_ROW_REFUSED',
  '54': 'TARGET_ROW_REFUSED',
  P0: 'TARGET_ROW_REFUSED',
  '38': 'TARGET_ROW_REFUSED',
  '39': 'TARGET_ROW_REFUSED',
};

const TLS_ERRNO = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** What the driver says, without a code, when the server answers the TLS request with a no, or the link is cut. */
const TLS_MESSAGE = /does not support SSL|unencrypted data after SSL/i;
const LINK_MESSAGE = /terminated|timeout|timed out|connection error|not queryable|socket|premature close|closed/i;

/** Turns whatever a driver throws into an error that is safe to show. */
export function classify(error: unknown): DestinationError {
  if (error instanceof DestinationError) return error;
  const code = errorCode(error);
  if (code !== undefined && SQLSTATE.test(code)) return ofSqlState(code, error);
  const message = error instanceof Error ? error.message : '';
  if ((code !== undefined && TLS_ERRNO.test(code)) || TLS_MESSAGE.test(message)) {
    return new DestinationError('TARGET_TLS_FAILED', { detail: code });
  }
  if (code !== undefined || LINK_MESSAGE.test(message))
    return new DestinationError('TARGET_UNREACHABLE', { detail: code });
  return new DestinationError('TARGET_ERROR', { detail: error instanceof Error ? error.name : undefined });
}

function ofSqlState(sqlState: string, error: unknown): DestinationError {
  const code = BY_SQLSTATE[sqlState] ?? BY_SQLSTATE[sqlState.slice(0, 2)] ?? 'TARGET_ERROR';
  return new DestinationError(code, { sqlState, detail: objectsNamed(error) });
}

/** The names of database objects that the server attached to the error: never its message or detail, which quote values. */
function objectsNamed(error: unknown): string | undefined {
  const named = error as { constraint?: string; column?: string; table?: string };
  const parts = (['constraint', 'column', 'table'] as const).flatMap((field) =>
    typeof named[field] === 'string' ? [`${field} ${named[field]}`] : [],
  );
  return parts.length === 0 ? undefined : parts.join(', ');
}
