import { errorCode } from '@hexclave/db';
import { DestinationError, type DestinationErrorCode, type TargetTable } from '@hexclave/sync';
import pg from 'pg';
import { OWN_SQLSTATES } from './refusal.ts';

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
/** What the driver says, without a code, when the server answers the TLS request with a no, or the link is cut. */
const TLS_MESSAGE = /does not support SSL|unencrypted data after SSL/i;
/** The driver's own words when it ends the sign-in itself, as without a password that the server asks for. */
const SIGN_IN_MESSAGE = /^SASL: /;
const LINK_MESSAGE = /terminated|timeout|timed out|connection error|not queryable|socket|premature close|closed/i;

const NOT_NULL_VIOLATION = '23502';

/** Where in PostgreSQL's source a RAISE of PL/pgSQL comes from: a trigger of the customer's, whatever SQLSTATE it chose. */
const RAISED = 'exec_stmt_raise';

/** Turns whatever a driver throws into an error that is safe to show. `target`: the table that was written to. */
export function classify(error: unknown, target?: TargetTable): DestinationError {
  if (error instanceof DestinationError) return error;
  const code = errorCode(error);
  // Not told by its form: EPIPE has five capitals too.
  if (code !== undefined && error instanceof pg.DatabaseError) return ofSqlState(code, error, target);
  const message = error instanceof Error ? error.message : '';
  if ((code !== undefined && TLS_ERRNO.test(code)) || TLS_MESSAGE.test(message)) {
    return new DestinationError('TARGET_TLS_FAILED', { detail: code });
  }
  if (SIGN_IN_MESSAGE.test(message)) return new DestinationError('TARGET_SIGN_IN_FAILED');
  if (code !== undefined || LINK_MESSAGE.test(message))
    return new DestinationError('TARGET_UNREACHABLE', { detail: code });
  return new DestinationError('TARGET_ERROR', { detail: error instanceof Error ? error.name : undefined });
}

function ofSqlState(sqlState: string, error: unknown, target: TargetTable | undefined): DestinationError {
  const own = OWN_SQLSTATES[sqlState];
  if (own !== undefined) return new DestinationError(own);
  return new DestinationError(codeOf(sqlState, error as ServerError, target), {
    sqlState,
    detail: objectsNamed(error as ServerError),
  });
}

type ServerError = { constraint?: string; column?: string; table?: string; routine?: string; where?: string };

/** Codes that blame our own statement. Where a function of theirs failed within it, that is to blame instead. */
const OF_OUR_STATEMENT: readonly DestinationErrorCode[] = [
  'TARGET_PERMISSION_DENIED',
  'TARGET_TABLE_MISSING',
  'TARGET_DRIFT',
  'TARGET_ERROR',
];

function codeOf(sqlState: string, error: ServerError, target: TargetTable | undefined): DestinationErrorCode {
  // A column that we do not fill refuses every row alike: no row is to blame.
  const isForeign = target !== undefined && !target.columns.some((column) => column.name === error.column);
  if (sqlState === NOT_NULL_VIOLATION && error.table === target?.name && isForeign) return 'TARGET_DRIFT';
  const known = BY_SQLSTATE[sqlState] ?? BY_SQLSTATE[sqlState.slice(0, 2)] ?? 'TARGET_ERROR';
  if (!OF_OUR_STATEMENT.includes(known)) return known;
  if (error.routine === RAISED) return 'TARGET_ROW_REFUSED';
  return isWithinFunction(error) ? 'TARGET_TRIGGER_FAILED' : known;
}

/** Functions of ours are blocks without a name. The words around these differ by the server's language. */
function isWithinFunction({ where }: ServerError): boolean {
  return where !== undefined && /PL\/|SQL/.test(where) && !where.includes('inline_code_block');
}

/** A function as PostgreSQL itself writes it, with the types of its arguments: `audit.note(integer)`. */
const FUNCTION = /PL\/pgSQL\D*? ((?:(?:"[^"\n]+"|[\w$]+)\.)?(?:"[^"\n]+"|[\w$]+)\([^()\n]*\))/;

/** Which of the limits on connections was reached: only the place in PostgreSQL's source tells. */
const LIMITS: Readonly<Record<string, string>> = {
  InitializeSessionUserId: 'limit of the role',
  CheckMyDatabase: 'limit of the database',
};

/** The names of database objects that the server attached to the error: never its message or detail, which quote values. */
function objectsNamed(named: ServerError): string | undefined {
  const { routine = '', where = '' } = named;
  const failed = isWithinFunction(named) ? FUNCTION.exec(where)?.[1] : undefined;
  const parts = [
    ...(['constraint', 'column', 'table'] as const).flatMap((field) =>
      typeof named[field] === 'string' ? [`${field} ${named[field]}`] : [],
    ),
    ...(failed === undefined ? [] : [`function ${failed}`]),
    ...(LIMITS[routine] === undefined ? [] : [LIMITS[routine]]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
