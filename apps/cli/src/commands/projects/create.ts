import type { CreatedApiKeySet } from '@hexclave/contract';
import { text } from '@hexclave/env';
import { z } from 'zod';
import type { Api } from '../../api.ts';
import { command, type Outcome } from '../../declare/command.ts';
import { argument, flag, option } from '../../declare/values.ts';
import { printable } from '../../output/printable.ts';
import type { Styles } from '../../output/styles.ts';
import { list } from '../../output/table.ts';
import { storeKeys } from './stored-keys.ts';

const NEVER_MS = Date.UTC(9999, 0, 1);

const created = z.object({
  project: z.looseObject({ id: z.string(), display_name: z.string() }),
  keys: z
    .looseObject({
      id: z.string(),
      publishable_client_key: z.string(),
      secret_server_key: z.string(),
      super_secret_admin_key: z.string(),
    })
    .nullable(),
});

export const createProject = command({
  name: 'create',
  summary: 'Create a project with a set of keys, as the operator',
  details:
    'The keys are shown now and never again. With --save they go into the configuration file instead, where other commands find them.',
  args: { name: argument('name', 'what it is called') },
  options: {
    id: option('--id <uuid>', 'its id; default: chosen by the server', text()),
    description: option('--description <text>', 'a description', text()),
    withoutKeys: flag('--without-keys', 'creates no keys'),
    save: flag('--save', 'keeps the keys in the configuration file (mode 0600), and shows none'),
  },
  examples: ["hexclave projects create 'My shop' --save"],
  json: { words: '`{project, keys}`; `keys` is null with --without-keys and with --save.', schema: created },
  run: async ({ args, options }, context): Promise<Outcome> => {
    const api = await context.operatorApi();
    const body = { display_name: args.name, id: options.id, description: options.description };
    const project = await api.call('createProject', { body });
    const done = `Created project ${printable(project.id)}.`;
    if (options.withoutKeys) return { json: { project, keys: null }, text: () => done };
    const keys = await createKeys(api, project.id);
    if (!options.save) return { json: { project, keys }, text: (styles) => `${done}\n${showKeys(keys, styles)}` };
    const path = await storeKeys(project.id, toStored(keys), context);
    return { json: { project, keys: null }, text: () => `${done} Its keys are in ${printable(path)}.` };
  },
});

function createKeys(api: Api, projectId: string): Promise<CreatedApiKeySet> {
  return api.call('createApiKeySet', {
    query: { project_id: projectId },
    body: {
      description: 'Made by hexclave projects create',
      expires_at_millis: NEVER_MS,
      has_publishable_client_key: true,
      has_secret_server_key: true,
      has_super_secret_admin_key: true,
    },
  });
}

function toStored(keys: CreatedApiKeySet) {
  return {
    publishableClientKey: keys.publishable_client_key,
    secretServerKey: keys.secret_server_key,
    superSecretAdminKey: keys.super_secret_admin_key,
  };
}

function showKeys(keys: CreatedApiKeySet, styles: Styles): string {
  const {
    publishable_client_key: client = '',
    secret_server_key: server = '',
    super_secret_admin_key: admin = '',
  } = keys;
  const shown = [
    ['publishable client key', client],
    ['secret server key', server],
    ['super secret admin key', admin],
  ] as const;
  return `Its keys, shown now and never again:\n${list(shown, styles)}`;
}
