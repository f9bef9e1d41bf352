import {
  ALL_ROUTES,
  errorsOf,
  KNOWN_ERRORS,
  type KnownErrorCode,
  type KnownErrorDetails,
  KnownError as OurKnownError,
} from '@hexclave/contract';
import { KnownError } from '@stackframe/stack-shared';
import { describe, expect, it } from 'vitest';

/** Details for each code, as its answers carry them. */
const DETAILS: { [Code in KnownErrorCode]: KnownErrorDetails<Code> } = {
  BODY_PARSING_ERROR: { message: 'The body is not JSON.' },
  SCHEMA_ERROR: { message: 'body.x: is wrong', issues: [{ path: 'body.x', message: 'is wrong' }] },
  ACCESS_TYPE_REQUIRED: {},
  PROJECT_KEY_WITHOUT_ACCESS_TYPE: {},
  INVALID_ACCESS_TYPE: { accessType: 'root' },
  ACCESS_TYPE_WITHOUT_PROJECT_ID: { request_type: 'server' },
  INSUFFICIENT_ACCESS_TYPE: { actual_access_type: 'client', allowed_access_types: ['server'] },
  INVALID_PUBLISHABLE_CLIENT_KEY: { project_id: 'p' },
  INVALID_SECRET_SERVER_KEY: { project_id: 'p' },
  INVALID_SUPER_SECRET_ADMIN_KEY: { project_id: 'p' },
  PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT: { project_id: 'p' },
  SERVER_AUTHENTICATION_REQUIRED: {},
  ADMIN_AUTHENTICATION_REQUIRED: {},
  EXPECTED_INTERNAL_PROJECT: {},
  CURRENT_PROJECT_NOT_FOUND: { project_id: 'p' },
  BRANCH_DOES_NOT_EXIST: { branch_id: 'b' },
  PROJECT_NOT_FOUND: { project_id: 'p' },
  API_KEY_NOT_FOUND: {},
  USER_NOT_FOUND: {},
  CANNOT_GET_OWN_USER_WITHOUT_USER: {},
  USER_EMAIL_ALREADY_EXISTS: { email: 'a@example.com', would_work_if_email_was_verified: false },
  PASSWORD_TOO_SHORT: { min_length: 8 },
  PASSWORD_TOO_LONG: { maxLength: 70 },
  CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE: {
    type: 'email',
    contact_channel_value: 'a@example.com',
    would_work_if_email_was_verified: false,
  },
  TEAM_NOT_FOUND: { team_id: 't' },
  TEAM_MEMBERSHIP_NOT_FOUND: { team_id: 't', user_id: 'u' },
  TEAM_MEMBERSHIP_ALREADY_EXISTS: {},
  CONTACT_CHANNEL_NOT_FOUND: { contact_channel_id: 'c' },
  CONTACT_CHANNEL_ALREADY_EXISTS: { type: 'email' },
  CONFIG_INVALID: { issues: [{ path: 'dbSync', message: 'is wrong' }] },
  PROJECT_ID_ALREADY_EXISTS: { project_id: 'p' },
  PROJECT_PROTECTED: { project_id: 'p' },
  INVALID_CRON_SECRET: {},
  METRICS_DISABLED: {},
  INVALID_METRICS_SECRET: {},
  INVALID_REQUEST_SIGNATURE: { reason: 'missing' },
  EXTERNAL_DATABASE_NOT_FOUND: { external_database_id: 'main' },
  EXTERNAL_DATABASE_PAUSED: { external_database_id: 'main' },
  MAPPING_NOT_COPIED: { mapping: 'users' },
  PROFILE_TIMED_OUT: { limit_seconds: 240, statements_done: 12 },
  VERIFICATION_UNDER_WAY: { verification_id: 'v' },
  VERIFICATION_NOT_FOUND: { verification_id: 'v' },
  SYNC_ENGINE_DISABLED: {},
  DASHBOARD_SESSION_REQUIRED: {},
  SIGN_IN_LINK_INVALID: {},
  CROSS_SITE_REQUEST: {},
  CONFLICTING_HEADERS: { headers: ['one', 'other'] },
  ROUTE_NOT_FOUND: {},
  METHOD_NOT_ALLOWED: { allowed_methods: ['GET'] },
  BODY_TOO_LARGE: { max_bytes: 1 },
  RATE_LIMITED: { retry_after_seconds: 1 },
  INTERNAL_ERROR: { request_id: 'r' },
  SERVICE_UNAVAILABLE: {},
};

const codes = Object.keys(KNOWN_ERRORS) as KnownErrorCode[];

describe('known errors', () => {
  it.each(codes.filter((code) => KNOWN_ERRORS[code].knownToClient))('%s is built by the published client', (code) => {
    const ours = new OurKnownError(code, DETAILS[code]);
    const theirs = KnownError.fromJson(ours.toJson() as never) as KnownError & { statusCode: number };
    expect(theirs.errorCode).toBe(code);
    expect(theirs.statusCode).toBe(ours.status);
    expect(ours.details).toMatchObject((theirs.details ?? {}) as object);
  });

  it.each(codes.filter((code) => !KNOWN_ERRORS[code].knownToClient))(
    '%s is not one of the published client',
    (code) => {
      expect(() => KnownError.fromJson({ code, message: '', details: {} } as never)).toThrow(/update your version/);
    },
  );

  it.each(codes)('%s has a sentence for the reference and one for its reader', (code) => {
    expect(KNOWN_ERRORS[code].summary).toMatch(/^[A-Z"T`].*\.$/);
    expect(new OurKnownError(code, DETAILS[code]).message.length).toBeGreaterThan(0);
  });

  it('are all used by some route, or by every request', () => {
    const used = new Set<KnownErrorCode>(ALL_ROUTES.flatMap((route) => errorsOf(route)));
    const beforeAnyRoute: KnownErrorCode[] = [
      'ROUTE_NOT_FOUND',
      'METHOD_NOT_ALLOWED',
      'CANNOT_GET_OWN_USER_WITHOUT_USER',
    ];
    const ofTheDashboard: KnownErrorCode[] = [
      'DASHBOARD_SESSION_REQUIRED',
      'SIGN_IN_LINK_INVALID',
      'CROSS_SITE_REQUEST',
    ];
    const ofMetrics: KnownErrorCode[] = ['METRICS_DISABLED', 'INVALID_METRICS_SECRET'];
    const elsewhere = [...beforeAnyRoute, ...ofTheDashboard, ...ofMetrics];
    expect(codes.filter((code) => !used.has(code)).sort()).toEqual(elsewhere.sort());
  });
});
