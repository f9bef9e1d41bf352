import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Problem } from '../problem.ts';

const keysSchema = z.strictObject({
  publishableClientKey: z.string().optional(),
  secretServerKey: z.string().optional(),
  superSecretAdminKey: z.string().optional(),
});
const configFileSchema = z.strictObject({
  apiUrl: z.url({ protocol: /^https?$/ }).optional(),
  projectId: z.string().optional(),
  /** By their ids. */
  projects: z.record(z.string(), keysSchema).default({}),
});

export type StoredKeys = z.output<typeof keysSchema>;
export type ConfigFile = z.output<typeof configFileSchema>;

const OTHERS_MAY = 0o077;
const OWNER_ONLY = 0o600;

/** Where the file is unless HEXCLAVE_CLI_CONFIG_PATH says so. */
export function defaultConfigPath(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment.XDG_CONFIG_HOME || join(homedir(), '.config'), 'hexclave', 'cli.json');
}

/**
 * Reads the file, of which nothing need be there.
 *
 * @throws {Problem} CONFIG_FILE_UNSAFE if others may read it, CONFIG_FILE_INVALID
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unreadable(path, error);
  });
  if (file === undefined) return { projects: {} };
  try {
    // Of the very file that is read, so that nobody can exchange it in between.
    const { mode } = await file.stat();
    if (process.platform !== 'win32' && (mode & OTHERS_MAY) !== 0) throw unsafe(path, mode);
    return parse(path, await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/** Replaces the file as a whole, for its owner only. */
export async function writeConfigFile(path: string, config: ConfigFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', OWNER_ONLY);
  try {
    await file
      .writeFile(`${JSON.stringify(config, null, 2)}\n`)
      .then(() => file.sync())
      .finally(() => file.close());
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The permissions of a file as `600`, and whether others may do anything with it. */
export async function permissionsOf(path: string): Promise<{ mode: string; isPrivate: boolean } | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return { mode: octal(found.mode), isPrivate: process.platform === 'win32' || (found.mode & OTHERS_MAY) === 0 };
}

function parse(path: string, text: string): ConfigFile {
  const parsed = configFileSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  // Paths only: a value may be a key.
  const where = issue?.path.length ? ` (at ${issue.path.join('.')})` : '';
  throw new Problem(
    'settings',
    'CONFIG_FILE_INVALID',
    `The configuration file ${path} is not one that this version understands${where}.`,
    'Correct it as docs/reference/cli.md describes it, or remove it.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unsafe(path: string, mode: number): Problem {
  return new Problem(
    'settings',
    'CONFIG_FILE_UNSAFE',
    `Other users of this machine may open the configuration file ${path} (mode ${octal(mode)}), which can hold keys.`,
    `chmod 600 '${path}'; if somebody may have read keys in it, revoke those.`,
  );
}

function unreadable(path: string, error: NodeJS.ErrnoException): Problem {
  return new Problem(
    'settings',
    'CONFIG_FILE_INVALID',
    `The configuration file ${path} cannot be read (${error.code ?? error.message}).`,
    'Correct that, or name another file in HEXCLAVE_CLI_CONFIG_PATH.',
  );
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}
