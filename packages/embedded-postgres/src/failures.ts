import { HexclaveError } from '@hexclave/errors';

type Failure = { pattern: RegExp; error: (context: FailureContext) => HexclaveError };
export type FailureContext = { dataDir: string; port: number; log: string };

const FAILURES: Failure[] = [
  {
    pattern: /No space left on device|ENOSPC|Check free disk space/,
    error: ({ dataDir, log }) => noSpace(dataDir, log),
  },
  { pattern: /could not bind|Address already in use|could not create any TCP/, error: ({ port }) => portTaken(port) },
  { pattern: /database files are incompatible/, error: ({ dataDir, log }) => dataBroken(dataDir, log) },
  { pattern: /Permission denied|Operation not permitted|EACCES|EPERM/, error: notAccessible },
  {
    pattern: /PANIC|invalid checkpoint record|could not open file|could not read file|is not a database cluster/,
    error: ({ dataDir, log }) => dataBroken(dataDir, log),
  },
];

/** Makes a decision out of what PostgreSQL logged before it gave up. */
export function explainFailure(context: FailureContext): HexclaveError {
  const known = FAILURES.find(({ pattern }) => pattern.test(context.log));
  if (known !== undefined) return known.error(context);
  return new HexclaveError({
    code: 'EMBEDDED_POSTGRES_START_FAILED',
    message: `The embedded PostgreSQL did not start. It logged: ${lastLines(context.log)}`,
    remedy: `Remove the cause named there and start again; the data is in ${context.dataDir}.`,
  });
}

export function portTaken(port: number): HexclaveError {
  return new HexclaveError({
    code: 'EMBEDDED_POSTGRES_PORT_TAKEN',
    message: `Port ${port}, meant for the embedded PostgreSQL, is used by another program.`,
    remedy:
      'Stop that program, or give this Hexclave other ports with NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX (default 81; for example 82).',
  });
}

export function isPortTaken(error: unknown): boolean {
  return error instanceof HexclaveError && error.code === 'EMBEDDED_POSTGRES_PORT_TAKEN';
}

export function noSpace(dataDir: string, log: string): HexclaveError {
  return new HexclaveError({
    code: 'EMBEDDED_POSTGRES_NO_SPACE',
    message: `No space is left on the disk that holds ${dataDir}. PostgreSQL logged: ${lastLines(log)}`,
    remedy: 'Free some space on that disk (a new database needs about 100 MB), then start again; no data was lost.',
  });
}

export function dataBroken(dataDir: string, detail: string): HexclaveError {
  return new HexclaveError({
    code: 'EMBEDDED_POSTGRES_DATA_BROKEN',
    message: `The data folder ${dataDir} is incomplete or damaged: ${lastLines(detail)}`,
    remedy: `Restore the folder from a backup; or, to start with an empty database, move it away: mv '${dataDir}' '${dataDir}.broken'`,
  });
}

export function notAccessible({ dataDir, log }: { dataDir: string; log: string }): HexclaveError {
  return new HexclaveError({
    code: 'EMBEDDED_POSTGRES_DATA_NOT_ACCESSIBLE',
    message: `The data folder ${dataDir} cannot be used by this user: ${lastLines(log)}`,
    remedy: 'Start Hexclave as the user that created the folder, or give the folder to this user with chown.',
  });
}

export function versionMismatch(dataDir: string, found: string, expected: string): HexclaveError {
  return new HexclaveError({
    code: 'EMBEDDED_POSTGRES_VERSION_MISMATCH',
    message: `The data folder ${dataDir} was written by PostgreSQL ${found}; this is PostgreSQL ${expected}.`,
    remedy: `Dump it with PostgreSQL ${found} and load it into a new one, or move the folder away to start empty.`,
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n');
}
