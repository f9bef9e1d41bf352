type Details = Record<string, unknown>;
type NoDetails = Record<string, never>;

/** What is documented of one known error. */
export type KnownErrorDescription<D extends Details = Details> = {
  /** HTTP status of the answer. */
  status: number;
  /** One sentence for the reference. */
  summary: string;
  /** The text of `error` in the answer: what happened and what to do. */
  message: (details: D) => string;
  /**
   * Whether the published client can name this code. It gives up on an announced code that it does not know, hiding
   * the text; without the announcement it shows the whole answer.
   */
  knownToClient: boolean;
};

function known<D extends Details>(
  status: number,
  summary: string,
  message: (details: D) => string,
): KnownErrorDescription<D> {
  return { status, summary, message, knownToClient: true };
}

function own<D extends Details>(
  status: number,
  summary: string,
  message: (details: D) => string,
): KnownErrorDescription<D> {
  return { status, summary, message, knownToClient: false };
}

const quoted = (value: string) => JSON.stringify(value);

/**
 * Every error that the API answers with. The codes of the first part are those of the published client, which builds
 * its own exceptions from `details`: their field names and types are fixed.
 */
export const KNOWN_ERRORS = {
  BODY_PARSING_ERROR: known<{ message: string }>(
    400,
    'The body is not the JSON that the endpoint takes.',
    (details) => details.message,
  ),
  SCHEMA_ERROR: known<{ message: string; issues: { path: string; message: string }[] }>(
    400,
    'A field of the body, the query or the path is missing, unknown, or has a value that is not allowed.',
    (details) => details.message,
  ),
  ACCESS_TYPE_REQUIRED: known<NoDetails>(
    400,
    'The request names no access type and carries no key.',
    () =>
      'Send x-hexclave-access-type (client, server or admin), x-hexclave-project-id and the key that belongs to it.',
  ),
  PROJECT_KEY_WITHOUT_ACCESS_TYPE: known<NoDetails>(
    400,
    'The request carries a key but names no access type.',
    () => 'A key was sent without x-hexclave-access-type. Set it to client, server or admin.',
  ),
  INVALID_ACCESS_TYPE: known<{ accessType: string }>(
    400,
    'The access type is none of client, server and admin.',
    (details) => `x-hexclave-access-type must be client, server or admin, not ${quoted(details.accessType)}.`,
  ),
  ACCESS_TYPE_WITHOUT_PROJECT_ID: known<{ request_type: string }>(
    400,
    'The request names an access type but no project.',
    (details) => `x-hexclave-access-type is ${quoted(details.request_type)}, but x-hexclave-project-id is missing.`,
  ),
  INSUFFICIENT_ACCESS_TYPE: known<{ actual_access_type: string; allowed_access_types: string[] }>(
    401,
    'The key is valid, but the endpoint asks for a stronger one.',
    (details) =>
      `This endpoint takes ${details.allowed_access_types.join(' or ')} access, not ${details.actual_access_type} access.`,
  ),
  INVALID_PUBLISHABLE_CLIENT_KEY: known<{ project_id: string }>(
    401,
    'The publishable client key is unknown to the project, expired or revoked.',
    (details) => `The publishable client key is not valid for project ${quoted(details.project_id)}.`,
  ),
  INVALID_SECRET_SERVER_KEY: known<{ project_id: string }>(
    401,
    'The secret server key is unknown to the project, expired or revoked.',
    (details) => `The secret server key is not valid for project ${quoted(details.project_id)}.`,
  ),
  INVALID_SUPER_SECRET_ADMIN_KEY: known<{ project_id: string }>(
    401,
    'The super secret admin key is unknown to the project, expired or revoked.',
    (details) => `The super secret admin key is not valid for project ${quoted(details.project_id)}.`,
  ),
  PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT: known<{ project_id: string }>(
    401,
    'Client access was asked for without a key.',
    () => 'Client access needs x-hexclave-publishable-client-key.',
  ),
  SERVER_AUTHENTICATION_REQUIRED: known<NoDetails>(
    401,
    'Server access was asked for without a key.',
    () => 'Server access needs x-hexclave-secret-server-key.',
  ),
  ADMIN_AUTHENTICATION_REQUIRED: known<NoDetails>(
    401,
    'Admin access was asked for without a key.',
    () => 'Admin access needs x-hexclave-super-secret-admin-key.',
  ),
  EXPECTED_INTERNAL_PROJECT: known<NoDetails>(
    401,
    'The endpoint is for admins of the internal project only.',
    () =>
      'Only the admin of the project "internal" may do this: send x-hexclave-project-id: internal and its admin key.',
  ),
  CURRENT_PROJECT_NOT_FOUND: known<{ project_id: string }>(
    400,
    'The project that the headers name does not exist.',
    (details) => `Project ${quoted(details.project_id)} does not exist. Check x-hexclave-project-id.`,
  ),
  BRANCH_DOES_NOT_EXIST: known<{ branch_id: string }>(
    400,
    'The branch that the headers name does not exist.',
    (details) => `Branch ${quoted(details.branch_id)} does not exist. Check x-hexclave-branch-id, or leave it out.`,
  ),
  PROJECT_NOT_FOUND: known<{ project_id: string }>(
    404,
    'There is no such project.',
    (details) => `Project ${quoted(details.project_id)} was not found.`,
  ),
  API_KEY_NOT_FOUND: known<NoDetails>(
    404,
    'The project has no such key set.',
    () => 'This project has no API key set with that id.',
  ),
  USER_NOT_FOUND: known<NoDetails>(
    404,
    'The project has no such user.',
    () => 'This project has no user with that id.',
  ),
  CANNOT_GET_OWN_USER_WITHOUT_USER: known<NoDetails>(
    400,
    '"me" was asked for, but requests are made with keys and belong to no user.',
    () => 'The id "me" means the signed-in user, and this request belongs to none. Name the user by its id.',
  ),
  USER_EMAIL_ALREADY_EXISTS: known<{ email: string; would_work_if_email_was_verified: boolean }>(
    409,
    'Another user of the project signs in with this e-mail address.',
    (details) => `Another user already signs in with ${quoted(details.email)}.`,
  ),
  PASSWORD_TOO_SHORT: known<{ min_length: number }>(
    400,
    'The password has too few characters.',
    (details) => `The password must have at least ${details.min_length} characters.`,
  ),
  PASSWORD_TOO_LONG: known<{ maxLength: number }>(
    400,
    'The password has too many characters.',
    (details) => `The password must have at most ${details.maxLength} characters.`,
  ),
  CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE: known<{
    type: string;
    contact_channel_value: string | null;
    would_work_if_email_was_verified: boolean;
  }>(
    409,
    'Another user of the project signs in with this contact channel.',
    (details) =>
      `Another user already signs in with this ${details.type}. Set used_for_auth to false, or free it there.`,
  ),
  TEAM_NOT_FOUND: known<{ team_id: string }>(
    404,
    'The project has no such team.',
    (details) => `This project has no team ${quoted(details.team_id)}.`,
  ),
  TEAM_MEMBERSHIP_NOT_FOUND: known<{ team_id: string; user_id: string }>(
    404,
    'The user is not a member of the team.',
    (details) => `User ${quoted(details.user_id)} is not a member of team ${quoted(details.team_id)}.`,
  ),
  TEAM_MEMBERSHIP_ALREADY_EXISTS: known<NoDetails>(
    409,
    'The user is a member of the team already.',
    () => 'The user is a member of this team already.',
  ),
  CONTACT_CHANNEL_NOT_FOUND: own<{ contact_channel_id: string }>(
    404,
    'The user has no such contact channel.',
    (details) => `This user has no contact channel ${quoted(details.contact_channel_id)}.`,
  ),
  CONTACT_CHANNEL_ALREADY_EXISTS: own<{ type: string }>(
    409,
    'The user has a contact channel with this value already.',
    (details) => `This user has that ${details.type} as a contact channel already: update that one.`,
  ),
  CONFIG_INVALID: own<{ issues: { path: string; message: string }[] }>(
    400,
    'The configuration would not be valid after the change.',
    (details) => details.issues.map((issue) => `${issue.path}: ${issue.message}`).join('\n'),
  ),
  PROJECT_ID_ALREADY_EXISTS: own<{ project_id: string }>(
    409,
    'A project with this id exists already.',
    (details) => `A project ${quoted(details.project_id)} exists already. Choose another id, or leave it out.`,
  ),
  PROJECT_PROTECTED: own<{ project_id: string }>(
    400,
    'The internal project cannot be deleted.',
    (details) => `Project ${quoted(details.project_id)} administers this server and cannot be deleted.`,
  ),
  INVALID_CRON_SECRET: own<NoDetails>(
    401,
    'The request does not carry the cron secret of the server.',
    () => 'Send "Authorization: Bearer …" with the value of CRON_SECRET.',
  ),
  METRICS_DISABLED: own<NoDetails>(
    404,
    'The server was given no secret for its metrics, and so shows none.',
    () => 'This server shows no metrics. Its operator can set HEXCLAVE_METRICS_SECRET and start it again.',
  ),
  INVALID_METRICS_SECRET: own<NoDetails>(
    401,
    'The request does not carry the secret for the metrics of the server.',
    () => 'Send "Authorization: Bearer …" with the value of HEXCLAVE_METRICS_SECRET.',
  ),
  INVALID_REQUEST_SIGNATURE: own<{ reason: string }>(
    401,
    'The signature of a request to the sync engine is missing, wrong, too old, or was used before.',
    (details) =>
      `The signature of this request is not valid (${details.reason}). Check that both servers have the same signing ` +
      'secret and the right time.',
  ),
  EXTERNAL_DATABASE_NOT_FOUND: own<{ external_database_id: string }>(
    404,
    'The project has no such external database.',
    (details) => `This project has no external database ${quoted(details.external_database_id)}.`,
  ),
  EXTERNAL_DATABASE_PAUSED: own<{ external_database_id: string }>(
    409,
    'The external database is paused, so nothing may be written to it.',
    (details) =>
      `External database ${quoted(details.external_database_id)} is paused. Verify it without repair, or ` +
      'end the pause; the list of pauses says who can.',
  ),
  MAPPING_NOT_COPIED: own<{ mapping: string }>(
    400,
    'There is no such table, or it is not copied into this external database.',
    (details) => `The table ${quoted(details.mapping)} is not copied into this external database.`,
  ),
  PROFILE_TIMED_OUT: own<{ limit_seconds: number; statements_done: number }>(
    504,
    'A query profile took longer than it may, and was ended; tables that were done by then are in the list of profiles.',
    (details) =>
      `The profile was ended after ${details.limit_seconds} s, with ${details.statements_done} statements measured. Profile ` +
      'one table at a time, by its name as the mapping, or again when the databases have less to do. The list of profiles ' +
      'has the tables that were done.',
  ),
  VERIFICATION_UNDER_WAY: own<{ verification_id: string }>(
    409,
    'The external database is being verified already.',
    (details) =>
      `Verification ${details.verification_id} of this external database is under way. Wait until it has ended.`,
  ),
  VERIFICATION_NOT_FOUND: own<{ verification_id: string }>(
    404,
    'The project has no such verification; they are kept for 30 days.',
    (details) => `This project has no verification ${quoted(details.verification_id)}.`,
  ),
  SYNC_ENGINE_DISABLED: own<NoDetails>(
    503,
    'The operator has switched the sync engine off.',
    () => 'The sync engine is switched off. The request is to be sent again later.',
  ),
  DASHBOARD_SESSION_REQUIRED: own<NoDetails>(
    401,
    'The request to the dashboard’s server carries no session, or one that has ended.',
    () => 'You are not signed in, or your session has ended. Sign in with an admin key.',
  ),
  SIGN_IN_LINK_INVALID: own<NoDetails>(
    401,
    'A sign-in link of the dashboard was used before, is too old, or was made by another start of the server.',
    () => 'This sign-in link was used already, or is too old. Sign in with an admin key, or start the server again.',
  ),
  CROSS_SITE_REQUEST: own<NoDetails>(
    403,
    'A request to the dashboard’s server that does not come from the dashboard’s own pages.',
    () =>
      'This request does not come from the dashboard’s own pages. If the dashboard is reached through a proxy, set ' +
      'NEXT_PUBLIC_HEXCLAVE_DASHBOARD_URL to its address there.',
  ),
  CONFLICTING_HEADERS: own<{ headers: string[] }>(
    400,
    'A header was sent under two names with different values.',
    (details) =>
      `${details.headers.join(' and ')} are two names of one header but have different values. Send one of them.`,
  ),
  ROUTE_NOT_FOUND: own<NoDetails>(
    404,
    'There is no endpoint at this path.',
    () => 'There is no endpoint at this path. /api/v1/docs lists them all.',
  ),
  METHOD_NOT_ALLOWED: own<{ allowed_methods: string[] }>(
    405,
    'The endpoint does not take this method.',
    (details) => `This path takes ${details.allowed_methods.join(', ')} only.`,
  ),
  BODY_TOO_LARGE: own<{ max_bytes: number }>(
    413,
    'The body is larger than the server takes.',
    (details) => `The body may have at most ${details.max_bytes} bytes.`,
  ),
  RATE_LIMITED: own<{ retry_after_seconds: number }>(
    429,
    'Too many requests; `Retry-After` says how many seconds to wait.',
    (details) => `Too many requests. Try again in ${details.retry_after_seconds} s.`,
  ),
  INTERNAL_ERROR: own<{ request_id: string }>(
    500,
    'Something failed inside the server; the log has more under the request id.',
    (details) => `Something failed inside the server. Its log has more under request id ${details.request_id}.`,
  ),
  SERVICE_UNAVAILABLE: own<NoDetails>(
    503,
    'The server cannot reach its database at the moment.',
    () => 'The server cannot reach its database at the moment. Try again shortly.',
  ),
} as const satisfies Record<string, KnownErrorDescription<never>>;

export type KnownErrorCode = keyof typeof KNOWN_ERRORS;
export type KnownErrorDetails<Code extends KnownErrorCode> = Parameters<(typeof KNOWN_ERRORS)[Code]['message']>[0];

/** An answer of the API that is an error: `{code, error, details}` with the status of its code. */
export class KnownError<Code extends KnownErrorCode = KnownErrorCode> extends Error {
  override name = 'KnownError';
  readonly status: number;

  constructor(
    readonly code: Code,
    readonly details: KnownErrorDetails<Code>,
  ) {
    const description = KNOWN_ERRORS[code] as unknown as KnownErrorDescription;
    super(description.message(details as Details));
    this.status = description.status;
  }

  /** The body of the answer. `details` is left out when the code has none. */
  toJson(): { code: string; error: string; details?: Details } {
    const details = Object.keys(this.details).length > 0 ? { details: this.details as Details } : {};
    return { code: this.code, error: this.message, ...details };
  }
}

/** A SCHEMA_ERROR about one field. `path` is dotted and begins with body, query or path. */
export function schemaError(path: string, message: string): KnownError<'SCHEMA_ERROR'> {
  return new KnownError('SCHEMA_ERROR', { message: `${path}: ${message}`, issues: [{ path, message }] });
}
