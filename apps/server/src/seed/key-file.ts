import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { HexclaveError } from '@hexclave/errors';
import { z } from 'zod';
import { generateKey } from '../services/keys.ts';
import { INTERNAL_PROJECT_ID } from '../services/projects.ts';
import { prepareDataDirectory, readOrMakeJson } from '../start/data-directory.ts';

const projectKeysSchema = z.object({
  projectId: z.string(),
  keySetId: z.uuid(),
  publishableClientKey: z.string(),
  secretServerKey: z.string(),
  superSecretAdminKey: z.string(),
});
const keyFileSchema = z.object({ internal: projectKeysSchema, demo: projectKeysSchema });

/** A project and the keys to it, in the clear. */
export type ProjectKeys = z.output<typeof projectKeysSchema>;
export type SeededKeys = z.output<typeof keyFileSchema>;

/** The published client takes UUIDs only, but for `internal`. */
export const DEMO_PROJECT_ID = 'de300000-0000-4000-8000-000000000001';

const KEY_FILE = 'development-keys.json';

/** Reads the development keys of a data directory, which on the first time are made up and kept for its owner only. */
export async function loadDevelopmentKeys(dataDirectory: string): Promise<SeededKeys> {
  const path = join(dataDirectory, KEY_FILE);
  await prepareDataDirectory(dataDirectory);
  const make = (): SeededKeys => ({
    internal: makeProjectKeys(INTERNAL_PROJECT_ID),
    demo: makeProjectKeys(DEMO_PROJECT_ID),
  });
  const parsed = keyFileSchema.safeParse(await readOrMakeJson(path, make));
  if (parsed.success) return parsed.data;
  throw new HexclaveError({
    code: 'DEVELOPMENT_KEYS_BROKEN',
    message: `The file of development keys cannot be read: ${path}`,
    remedy: 'Remove the file; new keys will be made on the next start.',
  });
}

/** New keys to a project; they open nothing until they are seeded. */
export function makeProjectKeys(projectId: string): ProjectKeys {
  return {
    projectId,
    keySetId: randomUUID(),
    publishableClientKey: generateKey('client'),
    secretServerKey: generateKey('server'),
    superSecretAdminKey: generateKey('admin'),
  };
}
