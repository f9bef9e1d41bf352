import { randomBytes } from 'node:crypto';
import { chmod, chown, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../problem.ts';

/** Those of the files that are there. */
export async function readEnvFiles(
  directory: string,
  names: readonly string[],
): Promise<{ name: string; text: string }[]> {
  const read = names.map(async (name) => {
    const isThere = await stat(join(directory, name)).then(
      () => true,
      () => false,
    );
    return isThere ? [{ name, text: await readEnvFile(directory, name) }] : [];
  });
  return (await Promise.all(read)).flat();
}

export async function readEnvFile(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Problem('missing', 'FILE_NOT_FOUND', `There is no file ${path}.`);
    throw unusable(path, 'read', error);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Problem('refused', 'FILE_NOT_TEXT', `${path} is not a text in UTF-8.`, 'Save it as UTF-8.');
  }
}

/**
 * Puts a text in the place of a file, whole or not at all, with the owner and the permissions of the file. No copy of
 * the old one stays: it may hold secrets, and nobody expects them in a file of another name.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  // Through a link, it is the file that changes.
  const target = await realpath(path);
  const { mode, uid, gid } = await stat(target);
  const draft = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    await file
      .writeFile(text)
      .then(() => file.sync())
      .finally(() => file.close());
    await keepOwner(draft, uid, gid);
    await chmod(draft, mode & 0o777);
    await rename(draft, target);
  } catch (error) {
    throw unusable(path, 'written', error as NodeJS.ErrnoException);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Only root may give a file to somebody else; for all others it is theirs already. */
async function keepOwner(path: string, uid: number, gid: number): Promise<void> {
  const { uid: own, gid: ownGroup } = await stat(path);
  if (own !== uid || ownGroup !== gid) await chown(path, uid, gid);
}

function unusable(path: string, what: string, error: NodeJS.ErrnoException): Problem {
  return new Problem('refused', 'FILE_UNUSABLE', `${path} cannot be ${what} (${error.code ?? error.message}).`);
}
