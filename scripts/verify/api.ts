/** The API of a server, with a project's admin key. */
export type Api = { call<Reply>(method: 'GET' | 'POST', path: string, body?: object): Promise<Reply> };

const DEFAULT_URL = 'http://localhost:8102';

/** Throws what to set if something is missing. */
export function apiFrom(environment: Readonly<Record<string, string | undefined>>): Api {
  const url = environment.HEXCLAVE_URL || DEFAULT_URL;
  const project = required(environment, 'HEXCLAVE_PROJECT_ID');
  const key = required(environment, 'HEXCLAVE_ADMIN_KEY');
  const headers = {
    'content-type': 'application/json',
    'x-hexclave-access-type': 'admin',
    'x-hexclave-project-id': project,
    'x-hexclave-super-secret-admin-key': key,
  };
  return {
    call: async <Reply>(method: string, path: string, body?: object) => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }).catch(() => {
        throw new Error(`${url} cannot be reached. Set HEXCLAVE_URL, or start the server.`);
      });
      const answer: unknown = await response.json().catch(() => undefined);
      if (!response.ok) throw new Error(errorOf(answer) ?? `${url} answered with status ${response.status}.`);
      return answer as Reply;
    },
  };
}

function required(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = environment[name];
  if (!value) throw new Error(`${name} is not set. npm start prints the project and its admin key.`);
  return value;
}

function errorOf(answer: unknown): string | undefined {
  const { error } = (answer ?? {}) as { error?: unknown };
  return typeof error === 'string' ? error : undefined;
}
