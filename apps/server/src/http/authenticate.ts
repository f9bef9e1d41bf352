import { type AnyRoute, KnownError, REQUEST_HEADERS } from '@hexclave/contract';
import type { Context } from 'hono';
import { type Authentication, authenticate } from '../services/authentication.ts';
import { hashKey, isWellFormedKey, type KeyKind } from '../services/keys.ts';
import { INTERNAL_PROJECT_ID, MAIN_BRANCH_ID } from '../services/projects.ts';
import { clientAddress } from './client-address.ts';
import type { HttpEnvironment, HttpServices } from './environment.ts';
import { readHeader } from './headers.ts';
import type { RateLimiter } from './rate-limits.ts';
import type { RefusedKeys } from './refused-keys.ts';

/** From the weakest to the strongest: a stronger key also opens what a weaker one does. */
const KINDS: readonly KeyKind[] = ['client', 'server', 'admin'];

type RequestContext = Context<HttpEnvironment>;
type Keys = Partial<Record<KeyKind, string>>;
type Claim = Parameters<typeof authenticate>[1];

/** What keeps floods from costing much. */
export type Guards = { readonly limiter: RateLimiter; readonly refusedKeys: RefusedKeys };

/** Finds out who is asking and whether they may use the route. Throws a known error if not. */
export async function authenticateRequest(
  c: RequestContext,
  services: HttpServices,
  guards: Guards,
  route: AnyRoute,
): Promise<Authentication> {
  const { limiter } = guards;
  const address = clientAddress(c, services.config.trustedProxies ?? 0);
  const authentication = c.env?.signedIn ?? (await authenticateByKey(c, services, guards, address));
  const { projectId, tenancyId, keySetId, access } = authentication;
  Object.assign(c.get('facts'), { project_id: projectId, tenancy_id: tenancyId, key_set_id: keySetId, access });
  if (access === 'client') await limiter.count('client', address);
  else await limiter.count('server', projectId);
  assertAllowed(authentication, route);
  return { ...authentication, requestId: c.get('requestId') };
}

/** Only wrong keys are counted and limited: whoever shares an address with a flood of them keeps working. */
async function authenticateByKey(
  c: RequestContext,
  services: HttpServices,
  { limiter, refusedKeys }: Guards,
  address: string,
): Promise<Authentication> {
  return await verify(services, readClaim(c), refusedKeys).catch(async (error: unknown) => {
    if (error instanceof KnownError && error.status === 401) await limiter.count('failedAuthentication', address);
    throw error;
  });
}

function readClaim(c: RequestContext): Claim {
  const keys = readKeys(c);
  const access = readHeader(c, REQUEST_HEADERS.accessType);
  if (access === undefined) {
    const hasKey = Object.values(keys).some((key) => key !== undefined);
    throw new KnownError(hasKey ? 'PROJECT_KEY_WITHOUT_ACCESS_TYPE' : 'ACCESS_TYPE_REQUIRED', {});
  }
  if (!isKind(access)) throw new KnownError('INVALID_ACCESS_TYPE', { accessType: access.slice(0, 100) });
  const projectId = readHeader(c, REQUEST_HEADERS.projectId);
  if (projectId === undefined) throw new KnownError('ACCESS_TYPE_WITHOUT_PROJECT_ID', { request_type: access });
  const branchId = readHeader(c, REQUEST_HEADERS.branchId) ?? MAIN_BRANCH_ID;
  return { access, projectId, branchId, key: chooseKey(access, keys, projectId), origin: readOrigin(c) };
}

/** What the request comes from, by its own word: something to be shown, nothing to rely on. */
function readOrigin(c: RequestContext): 'api' | 'dashboard' | 'cli' {
  const origin = readHeader(c, REQUEST_HEADERS.origin);
  return origin === 'dashboard' || origin === 'cli' ? origin : 'api';
}

function readKeys(c: RequestContext): Keys {
  return {
    client: readHeader(c, REQUEST_HEADERS.publishableClientKey),
    server: readHeader(c, REQUEST_HEADERS.secretServerKey),
    admin: readHeader(c, REQUEST_HEADERS.superSecretAdminKey),
  };
}

/** The key of the access that is asked for, or else the next stronger one. */
function chooseKey(access: KeyKind, keys: Keys, projectId: string): { kind: KeyKind; value: string } {
  for (const kind of KINDS.slice(KINDS.indexOf(access))) {
    const value = keys[kind];
    if (value !== undefined) return { kind, value };
  }
  if (access === 'client')
    throw new KnownError('PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT', { project_id: projectId });
  throw new KnownError(access === 'server' ? 'SERVER_AUTHENTICATION_REQUIRED' : 'ADMIN_AUTHENTICATION_REQUIRED', {});
}

async function verify(services: HttpServices, claim: Claim, refusedKeys: RefusedKeys): Promise<Authentication> {
  const { projectId, branchId, key } = claim;
  const isWellFormed = isWellFormedKey(key.kind, key.value, projectId === INTERNAL_PROJECT_ID);
  const name = `${projectId} ${key.kind} ${hashKey(key.value).toString('base64')}`;
  if (!isWellFormed || refusedKeys.has(name)) throw invalidKey(key.kind, projectId);
  const result = await authenticate(services.database, claim);
  switch (result.outcome) {
    case 'authenticated':
      return result.authentication;
    case 'no-such-project':
      throw new KnownError('CURRENT_PROJECT_NOT_FOUND', { project_id: projectId });
    case 'no-such-branch':
      throw new KnownError('BRANCH_DOES_NOT_EXIST', { branch_id: branchId });
    case 'invalid-key':
      refusedKeys.add(name);
      throw invalidKey(key.kind, projectId);
  }
}

function invalidKey(kind: KeyKind, projectId: string): KnownError {
  const codes = {
    client: 'INVALID_PUBLISHABLE_CLIENT_KEY',
    server: 'INVALID_SECRET_SERVER_KEY',
    admin: 'INVALID_SUPER_SECRET_ADMIN_KEY',
  } as const;
  return new KnownError(codes[kind], { project_id: projectId });
}

function assertAllowed(authentication: Authentication, route: AnyRoute): void {
  const allowed = KINDS.slice((KINDS as readonly string[]).indexOf(route.access));
  if (!allowed.includes(authentication.access)) {
    throw new KnownError('INSUFFICIENT_ACCESS_TYPE', {
      actual_access_type: authentication.access,
      allowed_access_types: [...allowed],
    });
  }
  if (route.internalOnly && authentication.projectId !== INTERNAL_PROJECT_ID) {
    throw new KnownError('EXPECTED_INTERNAL_PROJECT', {});
  }
}

function isKind(text: string): text is KeyKind {
  return (KINDS as readonly string[]).includes(text);
}
