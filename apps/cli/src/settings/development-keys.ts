import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StoredKeys } from './config-file.ts';

/** What the server writes into its data directory at its first start in development. */
const keyFileSchema = z.record(
  z.string(),
  z.object({
    projectId: z.string(),
    publishableClientKey: z.string(),
    secretServerKey: z.string(),
    superSecretAdminKey: z.string(),
  }),
);

/** The keys of a development server on this machine, by project. */
export type DevelopmentKeys = {
  readonly projects: ReadonlyMap<string, StoredKeys>;
  /** The project to play with. */
  readonly demoProjectId: string | undefined;
};

const NONE: DevelopmentKeys = { projects: new Map(), demoProjectId: undefined };

export async function readDevelopmentKeys(dataDirectory: string): Promise<DevelopmentKeys> {
  const text = await readFile(join(dataDirectory, 'development-keys.json'), 'utf8').catch(() => undefined);
  const parsed = text === undefined ? undefined : keyFileSchema.safeParse(parseJson(text));
  // The server says so at its start if the file is damaged; here it is one place of several to look.
  if (!parsed?.success) return NONE;
  const projects = Object.values(parsed.data).map(({ projectId, ...keys }) => {
    const { publishableClientKey, secretServerKey, superSecretAdminKey } = keys;
    return [projectId, { publishableClientKey, secretServerKey, superSecretAdminKey }] as const;
  });
  return { projects: new Map(projects), demoProjectId: parsed.data.demo?.projectId };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
