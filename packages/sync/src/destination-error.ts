/** What an error of an external database stands in the way of. */
export type ErrorScope =
  /** The whole external database. */
  | 'connection'
  /** One mapping. */
  | 'table'
  /** Single rows: the others can go on. */
  | 'row'
  /** Nothing for long: the same batch, or a smaller one, can succeed at once. */
  | 'transient';

/** The documented codes of external databases' failures; each with what happened and what to do. */
export const DESTINATION_ERRORS = {
  TARGET_UNREACHABLE: {
    scope: 'connection',
    message: 'The external database cannot be reached.',
    remedy:
      'Check that PostgreSQL runs at the host and port of the connection string, that its listen_addresses and pg_hba.conf let this server in, and that no firewall is between.',
  },
  TARGET_ADDRESS_REFUSED: {
    scope: 'connection',
    // One sentence for both: the operator's resolver knows names that a project's owner must not learn to exist.
    message:
      'No public address was found for the host of the external database: the name does not exist, or leads to an address that this server may not connect to.',
    remedy:
      'Check how the host is spelled, and use one with a public address; or have the operator set HEXCLAVE_EXTERNAL_DB_SYNC_ALLOW_PRIVATE_HOSTS=true.',
  },
  TARGET_TLS_FAILED: {
    scope: 'connection',
    message: 'No trusted TLS connection to the external database could be made.',
    remedy:
      'Install a certificate that matches the host, give its authority as sslrootcert, or add sslmode=no-verify (encrypted, not checked) or sslmode=disable to the connection string.',
  },
  TARGET_SIGN_IN_FAILED: {
    scope: 'connection',
    message: 'The external database refused the user or the password.',
    remedy: 'Save the connection string again with the present user and password.',
  },
  TARGET_DATABASE_MISSING: {
    scope: 'connection',
    message: 'The server has no database of that name.',
    remedy: 'Create the database, or correct its name in the connection string.',
  },
  TARGET_TOO_MANY_CONNECTIONS: {
    scope: 'connection',
    message: 'The external database accepts no more connections.',
    remedy: 'Free connections, raise max_connections, or raise the CONNECTION LIMIT of the role; two are needed.',
  },
  TARGET_DISK_FULL: {
    scope: 'connection',
    message: 'The disk of the external database is full.',
    remedy: 'Free or add disk space on the database server.',
  },
  TARGET_OUT_OF_RESOURCES: {
    scope: 'connection',
    message: 'The external database ran out of memory or another resource.',
    remedy: 'Give the database server more memory, or raise the limit it names in its log.',
  },
  TARGET_READ_ONLY: {
    scope: 'connection',
    message: 'The external database only allows reading.',
    remedy: 'Connect to the primary, not to a standby, and check default_transaction_read_only of the role.',
  },
  TARGET_UNSUPPORTED_VERSION: {
    scope: 'connection',
    message: 'The external database is a PostgreSQL older than 12.',
    remedy: 'Upgrade the database server to PostgreSQL 12 or newer.',
  },
  TARGET_IS_INTERNAL_DATABASE: {
    scope: 'connection',
    message: 'The connection leads to a database of Hexclave’s own, which is never written to as an external one.',
    remedy: 'Name a database of yours in the connection string; another database on the same server is fine.',
  },
  TARGET_OWNED_BY_ANOTHER_PROJECT: {
    scope: 'connection',
    message: 'This schema already holds the copy of another project or of another external database.',
    remedy: 'Choose a different schema or database; to take the schema over, drop it first.',
  },
  TARGET_CONNECTION_UNREADABLE: {
    scope: 'connection',
    message: 'The stored connection cannot be decrypted with the secrets that the server has.',
    remedy:
      'Save the connection string again, or start the server with the secret that it had before in HEXCLAVE_PREVIOUS_SERVER_SECRETS.',
  },
  TARGET_TYPE_UNKNOWN: {
    scope: 'connection',
    message: 'This version of the server knows no external database of that type.',
    remedy: 'Set the type of the external database to postgres, or run the version that this was configured with.',
  },
  TARGET_PERMISSION_DENIED: {
    scope: 'table',
    message: 'The role may not do what is needed in the external database.',
    remedy: 'Run the SQL of a minimal role once more as the owner of the database: hexclave db-sync role-sql shows it.',
  },
  TARGET_TABLE_EXISTS: {
    scope: 'table',
    message: 'A table of that name exists and was not created by Hexclave, so it is left alone.',
    remedy: 'Rename or drop the table, or choose another targetName for this mapping.',
  },
  TARGET_TABLE_MISSING: {
    scope: 'table',
    message: 'The target table was dropped.',
    remedy: 'Nothing: it is created and filled again at the next attempt.',
  },
  TARGET_DRIFT: {
    scope: 'table',
    message: 'The target table no longer has the shape that Hexclave gave it.',
    remedy: 'Undo the change of the table; it is copied anew by itself after that.',
  },
  TARGET_TRIGGER_FAILED: {
    scope: 'table',
    message: 'A trigger or function of yours on the target table fails, whatever the row.',
    remedy: 'Correct the function that is named, or switch the trigger off.',
  },
  TARGET_ROW_REFUSED: {
    scope: 'row',
    message: 'The external database refuses this row because of its values.',
    remedy: 'Look at the constraint or trigger that is named, and change it or the row.',
  },
  TARGET_ROWS_REPAIRED: {
    scope: 'row',
    message: 'Rows of the copy had been changed, deleted or added there by somebody else. They were put right.',
    remedy:
      'Find out who else writes into the table: only the role of Hexclave should hold INSERT, UPDATE and DELETE on it.',
  },
  TARGET_ROWS_DIFFER: {
    scope: 'row',
    message: 'Rows of the copy differ from their source.',
    remedy:
      'Verify with repair. If that does not last, a trigger or rule on the table changes what is written: drop it, or leave that column out of the copy.',
  },
  TARGET_LOCKED: {
    scope: 'transient',
    message: 'Somebody else holds a lock on the target table.',
    remedy: 'Finish the transaction that holds the lock; Hexclave never waits long enough to block your own queries.',
  },
  TARGET_CONFLICT: {
    scope: 'transient',
    message: 'The batch met a concurrent change in the external database.',
    remedy: 'Nothing: it is tried again.',
  },
  TARGET_TIMEOUT: {
    scope: 'transient',
    message: 'A statement took longer than it may in the external database.',
    remedy: 'Nothing at first: smaller batches are tried. If it stays, look for slow triggers on the target table.',
  },
  TARGET_ERROR: {
    scope: 'table',
    message: 'The external database reported an error.',
    remedy: 'Look up the SQLSTATE in the PostgreSQL manual, appendix A, and the log of the database server.',
  },
} as const satisfies Record<string, { scope: ErrorScope; message: string; remedy: string }>;

export type DestinationErrorCode = keyof typeof DESTINATION_ERRORS;

/** What may be told about an error besides its code. Names of database objects only: never values, never messages. */
export type DestinationErrorFacts = {
  readonly sqlState?: string | undefined;
  /** E.g. a constraint's or a column's name. */
  readonly detail?: string | undefined;
  /** Replaces the general remedy, e.g. by the exact SQL. */
  readonly remedy?: string | undefined;
};

/** A failure at an external database, safe to log and show: drivers' messages may contain rows or passwords and are left out. */
export class DestinationError extends Error {
  override name = 'DestinationError';
  readonly scope: ErrorScope;
  readonly sqlState: string | null;
  readonly detail: string | null;
  readonly remedy: string;

  constructor(
    readonly code: DestinationErrorCode,
    private readonly facts: DestinationErrorFacts = {},
  ) {
    const known = DESTINATION_ERRORS[code];
    super(facts.detail === undefined ? known.message : `${known.message} (${facts.detail})`);
    this.scope = known.scope;
    this.sqlState = facts.sqlState ?? null;
    this.detail = facts.detail ?? null;
    this.remedy = facts.remedy ?? known.remedy;
  }

  /** The same error with a remedy that is meant for where it happened. */
  withRemedy(remedy: string): DestinationError {
    return new DestinationError(this.code, { ...this.facts, remedy });
  }
}
