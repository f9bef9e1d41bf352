import { CLI_CATALOGUE, loadEnvironment, namesOf } from '@hexclave/env';
import { type Client, createClient } from '@hexclave/sdk';

/** A client with the project and the admin key that the environment names. Throws what to set if something is missing. */
export function clientFromEnvironment(): Client {
  const environment = loadEnvironment(CLI_CATALOGUE);
  return createClient({
    baseUrl: environment.apiUrl ?? environment.publicApiUrl ?? `http://localhost:${environment.portPrefix}02`,
    projectId: required('projectId', environment.projectId),
    keys: { superSecretAdminKey: required('superSecretAdminKey', environment.superSecretAdminKey) },
  });
}

function required(key: 'projectId' | 'superSecretAdminKey', value: string | undefined): string {
  if (value !== undefined) return value;
  throw new Error(`${namesOf(CLI_CATALOGUE[key])[0]} is not set. npm start prints the project and its admin key.`);
}
