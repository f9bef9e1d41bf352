import { z } from 'zod';
import { command } from '../../declare/command.ts';
import { argument, flag } from '../../declare/values.ts';
import { printable } from '../../output/printable.ts';
import { Problem } from '../../problem.ts';
import { readSecret } from '../../secrets/read.ts';
import { writeConfigFile } from '../../settings/config-file.ts';
import { storeKeys } from './stored-keys.ts';

/** Keys say by how they begin what they open. */
const KINDS = [
  { prefix: 'pck_', field: 'publishableClientKey', words: 'publishable client key' },
  { prefix: 'ssk_', field: 'secretServerKey', words: 'secret server key' },
  { prefix: 'sak_', field: 'superSecretAdminKey', words: 'super secret admin key' },
] as const;

const saved = z.object({ path: z.string(), project_id: z.string() });

export const saveKey = command({
  name: 'save-key',
  summary: 'Keep a key of a project in the configuration file',
  details: 'Asks for the key without showing it. The file can be read by its owner only.',
  args: { id: argument('id', 'the project', { suggests: 'projects' }) },
  options: { stdin: flag('--stdin', 'reads the key from standard input') },
  examples: ['hexclave projects save-key internal'],
  json: { words: '`{path, project_id}`.', schema: saved },
  run: async ({ args, options }, context) => {
    const key = (await readSecret(`a key of project ${printable(args.id)}`, options, context)).trim();
    const kind = KINDS.find(({ prefix }) => key.startsWith(prefix));
    if (kind === undefined) {
      throw new Problem('usage', 'NOT_A_KEY', 'That is no key of a project.', 'Keys begin with pck_, ssk_ or sak_.');
    }
    const path = await storeKeys(args.id, { [kind.field]: key }, context);
    return {
      json: { path, project_id: args.id },
      text: () => `The ${kind.words} of ${printable(args.id)} is in ${printable(path)}.`,
    };
  },
});

export const useProject = command({
  name: 'use',
  summary: 'Choose the project that commands are about',
  details: 'Kept in the configuration file; HEXCLAVE_PROJECT_ID and --project still come first.',
  args: { id: argument('id', 'the project', { suggests: 'projects' }) },
  json: { words: '`{path, project_id}`.', schema: saved },
  run: async ({ args }, context) => {
    const { configPath, configFile } = await context.settings();
    await writeConfigFile(configPath, { ...configFile, projectId: args.id });
    return {
      json: { path: configPath, project_id: args.id },
      text: () => `Commands are about project ${printable(args.id)} from now on.`,
    };
  },
});
