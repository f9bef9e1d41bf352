import { type Client, createClient, type Keys } from '@hexclave/sdk';
import { Problem } from './problem.ts';
import { INTERNAL_PROJECT_ID, type Settings } from './settings/settings.ts';

/** The API of a server, with a key. */
export type Api = Client;

/** The API as the owner of a project, or as the operator, who then has to say which project is meant. */
export type ProjectApi = { readonly api: Api; readonly projectId: string; readonly query: { project_id?: string } };

export function serverApi(settings: Settings): Api {
  const id = chosenProject(settings);
  const { secretServerKey, superSecretAdminKey } = settings.keysOf(id);
  if (secretServerKey !== undefined) return connect(settings, id, { secretServerKey });
  if (superSecretAdminKey !== undefined) return connect(settings, id, { superSecretAdminKey });
  throw keyMissing(id, 'secret server key', 'HEXCLAVE_SECRET_SERVER_KEY');
}

export function adminApi(settings: Settings): Api {
  const id = chosenProject(settings);
  const { superSecretAdminKey } = settings.keysOf(id);
  if (superSecretAdminKey === undefined)
    throw keyMissing(id, 'super secret admin key', 'HEXCLAVE_SUPER_SECRET_ADMIN_KEY');
  return connect(settings, id, { superSecretAdminKey });
}

export function operatorApi(settings: Settings): Api {
  const { superSecretAdminKey } = settings.keysOf(INTERNAL_PROJECT_ID);
  if (superSecretAdminKey !== undefined) return connect(settings, INTERNAL_PROJECT_ID, { superSecretAdminKey });
  throw new Problem(
    'access',
    'OPERATOR_KEY_MISSING',
    'This is for the operator of the server, and no admin key of the project "internal" is known here.',
    'Set HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY as the server has it, or HEXCLAVE_PROJECT_ID=internal with HEXCLAVE_SUPER_SECRET_ADMIN_KEY.',
  );
}

/** With the project's own key if there is one, else as the operator. */
export function projectApi(settings: Settings): ProjectApi {
  const projectId = chosenProject(settings);
  const { superSecretAdminKey } = settings.keysOf(projectId);
  if (superSecretAdminKey !== undefined) {
    return { api: connect(settings, projectId, { superSecretAdminKey }), projectId, query: {} };
  }
  if (settings.keysOf(INTERNAL_PROJECT_ID).superSecretAdminKey === undefined) {
    throw keyMissing(projectId, 'super secret admin key', 'HEXCLAVE_SUPER_SECRET_ADMIN_KEY');
  }
  return { api: operatorApi(settings), projectId, query: { project_id: projectId } };
}

/** What can be asked without a key. */
export function publicApi(settings: Settings): Api {
  return connect(settings, settings.projectId?.value ?? INTERNAL_PROJECT_ID, {});
}

function connect({ apiUrl }: Settings, projectId: string, keys: Keys): Api {
  return createClient({ baseUrl: apiUrl.value, projectId, keys, fetch: fetchAsCli });
}

function chosenProject({ projectId }: Settings): string {
  if (projectId !== undefined) return projectId.value;
  throw new Problem(
    'settings',
    'PROJECT_NOT_CHOSEN',
    'It is not known which project is meant.',
    'Set HEXCLAVE_PROJECT_ID, or add --project <id>. On a development server of this machine: run it where .hexclave is.',
  );
}

function keyMissing(projectId: string, kind: string, variable: string): Problem {
  return new Problem(
    'access',
    'KEY_MISSING',
    `No ${kind} of the project ${JSON.stringify(projectId)} is known here.`,
    `Set ${variable}, or keep the key in the configuration file: hexclave projects save-key ${projectId}.`,
  );
}

/** Tells where requests come from: it stands in the audit log. */
const fetchAsCli: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('x-hexclave-origin', 'cli');
  return fetch(input, { ...init, headers });
};
