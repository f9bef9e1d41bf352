import type { ProjectKeys } from '@hexclave/server';
import type { ApiServer } from './api-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies of answers are looked into freely, and every look is an assertion.
type Body = any;

export type Answer = { status: number; headers: Headers; body: Body };

export type ApiClient = {
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
};

type Access = 'client' | 'server' | 'admin';

const KEY_HEADERS = {
  client: ['publishable-client-key', 'publishableClientKey'],
  server: ['secret-server-key', 'secretServerKey'],
  admin: ['super-secret-admin-key', 'superSecretAdminKey'],
} as const;

/** The headers of a request with that access to the project of the keys. */
export function headersFor(keys: ProjectKeys, access: Access, prefix = 'x-hexclave'): Record<string, string> {
  const [header, key] = KEY_HEADERS[access];
  return {
    [`${prefix}-access-type`]: access,
    [`${prefix}-project-id`]: keys.projectId,
    [`${prefix}-${header}`]: keys[key],
  };
}

/** Calls the API the way any program would, with the keys of a project. */
export function apiClient(server: ApiServer, access: Access, keys: ProjectKeys = server.keys.demo): ApiClient {
  return apiClientAt(() => server.url, access, keys);
}

/** The same for a server whose address may change from one request to the next. */
export function apiClientAt(url: () => string, access: Access, keys: ProjectKeys): ApiClient {
  const call = (method: string, path: string, body?: unknown) =>
    request(`${url()}/api/v1${path}`, {
      method,
      headers: {
        ...headersFor(keys, access),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
    delete: (path) => call('DELETE', path),
  };
}

/** Sends a request and reads the answer as JSON. */
export async function request(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

/** The answer's body, which must be a success. */
export async function succeed(answer: Promise<Answer>): Promise<Body> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`Expected a success, got ${status}: ${JSON.stringify(body)}`);
  return body;
}
