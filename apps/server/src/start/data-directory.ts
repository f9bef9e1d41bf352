import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { HexclaveError } from '@hexclave/errors';

/**
 * Creates the data directory. Root's can be passed through by others, since PostgreSQL runs in it as another user; each
 * file with a secret is closed by itself.
 */
export async function prepareDataDirectory(directory: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  await mkdir(directory, { recursive: true, mode }).catch((error: NodeJS.ErrnoException) => {
    throw unusable(directory, error);
  });
}

/**
 * Reads a file of JSON that only its owner may read, which on the first time is made with `make`. Of several processes
 * that start at once one makes it, and one killed halfway leaves nothing behind: the file appears whole or not at all.
 * Returns `undefined` if there is something else in it.
 */
export async function readOrMakeJson(path: string, make: () => object): Promise<unknown> {
  try {
    const text = (await readExisting(path)) ?? (await makeOnce(path, `${JSON.stringify(make(), null, 2)}\n`));
    return parseJson(text);
  } catch (error) {
    throw unusable(path, error as NodeJS.ErrnoException);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readExisting(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function makeOnce(path: string, text: string): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    await file
      .writeFile(text)
      .then(() => file.sync())
      .finally(() => file.close());
    // Unlike a rename, a link does not replace the file of a process that was faster.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  return await readFile(path, 'utf8');
}

const REMEDIES: Record<string, string> = {
  ENOSPC: 'Free some space on that disk, then start again; nothing was lost.',
  EACCES: 'Start Hexclave as the user that the folder belongs to, or name another in HEXCLAVE_DATA_DIRECTORY.',
};

function unusable(path: string, error: NodeJS.ErrnoException): HexclaveError {
  return new HexclaveError({
    code: 'DATA_DIRECTORY_UNUSABLE',
    message: `${path} cannot be created, read or written (${error.code ?? error.message}).`,
    remedy: REMEDIES[error.code ?? ''] ?? 'Correct that, or name another folder in HEXCLAVE_DATA_DIRECTORY.',
    cause: error,
  });
}
