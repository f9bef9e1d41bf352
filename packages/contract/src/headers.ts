/** Headers of a request, each of which may be sent under its own or its legacy name. */
export const REQUEST_HEADERS = {
  accessType: 'access-type',
  projectId: 'project-id',
  branchId: 'branch-id',
  publishableClientKey: 'publishable-client-key',
  secretServerKey: 'secret-server-key',
  superSecretAdminKey: 'super-secret-admin-key',
  overrideErrorStatus: 'override-error-status',
  origin: 'origin',
} as const;

/** Headers of an answer, each of which is sent under both names. */
export const RESPONSE_HEADERS = {
  knownError: 'known-error',
  actualStatus: 'actual-status',
  requestId: 'request-id',
} as const;

/** The full names of a header: the current one, then the one that older clients use. */
export function headerNames(header: string): [current: string, legacy: string] {
  return [`x-hexclave-${header}`, `x-stack-${header}`];
}
