import type { ProjectKeys } from '../seed/key-file.ts';

/** Calls the server's own API the way any program would, with the demo project's strongest key. */
export type DemoApi = {
  /** The answer's body. Rejects unless the request succeeded. */
  call<Body>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Body>;
};

const TIMEOUT_MS = 10_000;

export function createDemoApi(apiUrl: string, keys: ProjectKeys): DemoApi {
  const headers = {
    'content-type': 'application/json',
    'x-hexclave-access-type': 'admin',
    'x-hexclave-project-id': keys.projectId,
    'x-hexclave-super-secret-admin-key': keys.superSecretAdminKey,
  };
  return {
    call: async (method, path, body) => {
      const response = await fetch(apiUrl + path, {
        method,
        headers,
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.ok) return JSON.parse(await response.text());
      throw new Error(`${method} ${path} was answered with ${response.status}: ${await response.text()}`);
    },
  };
}
