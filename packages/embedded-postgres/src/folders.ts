import type { Stats } from 'node:fs';
import { chown, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { HexclaveError } from '@hexclave/errors';
import type { Identity } from './identity.ts';

/** Whether `identity` can read and enter `folder`, looking at the permission bits of every folder above it too. */
export async function isReachable(folder: string, identity: Identity): Promise<boolean> {
  for (const ancestor of ancestors(await realpath(folder))) {
    if (!mayEnter(await stat(ancestor), identity)) return false;
  }
  return true;
}

/** The folder and all above it, the root last. */
function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder || folder === parse(folder).root ? [folder] : [folder, ...ancestors(parent)];
}

function mayEnter(stats: Stats, identity: Identity): boolean {
  if (stats.uid === identity.uid) return (stats.mode & 0o100) !== 0;
  if (stats.gid === identity.gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
}

/** The closest folder above `path` that exists. */
export async function nearestExisting(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ? path : nearestExisting(dirname(path));
}

/**
 * Creates a folder of ours below a place that others may write to, or makes sure that the one which is there is
 * really ours: not a link, not someone else's, and not writable by anyone else.
 */
export async function ownFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { mode }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const stats = await lstat(path);
  const ours = stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0;
  if (ours) return;
  throw new HexclaveError({
    code: 'EMBEDDED_POSTGRES_UNSAFE_FOLDER',
    message: `${path} belongs to another user, or other users can change it, so it is not used.`,
    remedy: 'Find out who created it, then remove it and start again.',
  });
}

/** Gives a folder and everything in it to `identity`; links themselves are never followed out of it. */
export async function giveTo(path: string, identity: Identity | undefined): Promise<void> {
  if (identity === undefined) return;
  await chown(path, identity.uid, identity.gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await giveTo(join(path, entry.name), identity);
    else if (entry.isFile()) await chown(join(path, entry.name), identity.uid, identity.gid);
  }
}
