import { expect } from 'vitest';
import type { DashboardServer } from './dashboard.ts';

/** What a program does beside the browser, with an admin key. */
export async function callApi(
  { apiUrl }: DashboardServer,
  keys: DashboardServer['demo'],
  method: string,
  path: string,
  body: object,
): Promise<void> {
  const response = await fetch(`${apiUrl}/api/v1${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-hexclave-access-type': 'admin',
      'x-hexclave-project-id': keys.projectId,
      'x-hexclave-super-secret-admin-key': keys.superSecretAdminKey,
    },
    body: JSON.stringify(body),
  });
  expect(response.ok, await response.text()).toBe(true);
}

/** Gives the demo project an external database, as its owner would. */
export async function addDatabase(server: DashboardServer, connectionString: string, id = 'main'): Promise<void> {
  await configure(server, id, { type: 'postgres', connectionString: `${connectionString}?sslmode=disable` });
}

export async function removeDatabase(server: DashboardServer, id: string): Promise<void> {
  await configure(server, id, null);
}

async function configure(server: DashboardServer, id: string, database: object | null): Promise<void> {
  await callApi(server, server.demo, 'PATCH', '/internal/config/override/environment', {
    config_override_string: JSON.stringify({ [`dbSync.externalDatabases.${id}`]: database }),
  });
}
