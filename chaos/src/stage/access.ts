import { headerNames, REQUEST_HEADERS } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import { makeProjectKeys, type ProjectKeys, seedDevelopment } from '@hexclave/server';

/** What opens the server's interfaces to those who may look: an owner, the operator, and a monitor. */
export type Access = {
  readonly owner: ProjectKeys;
  readonly operator: ProjectKeys;
  readonly metricsSecret: string;
};

/** Makes keys to one project and to the one that administers all. */
export async function grantAccess(internal: Database, projectId: string, metricsSecret: string): Promise<Access> {
  const keys = { internal: makeProjectKeys('internal'), demo: makeProjectKeys(projectId) };
  await seedDevelopment(internal, keys);
  return { owner: keys.demo, operator: keys.internal, metricsSecret };
}

const HEADERS = [REQUEST_HEADERS.accessType, REQUEST_HEADERS.projectId, REQUEST_HEADERS.superSecretAdminKey].map(
  (header) => headerNames(header)[0],
);

/** The headers of a project's admin. */
export function adminHeaders({ projectId, superSecretAdminKey }: ProjectKeys): Record<string, string> {
  const values = ['admin', projectId, superSecretAdminKey];
  return Object.fromEntries(HEADERS.map((name, index) => [name, values[index] ?? '']));
}
