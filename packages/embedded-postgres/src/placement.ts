import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Binaries, findBinaries } from './binaries.ts';
import { giveTo, isReachable, nearestExisting, ownFolder } from './folders.ts';
import { chooseIdentity, type Identity } from './identity.ts';

/** Where a cluster's programs and data really lie, and who runs it. */
export type Placement = {
  binaries: Binaries;
  dataDir: string;
  identity: Identity | undefined;
  /** Sentences for the terminal about anything that lies elsewhere than asked for. */
  notes: string[];
};

/**
 * Decides where to run. Normally that is in place; but below a folder of mode 0700 an unprivileged server reaches
 * neither the programs nor the data, so root then keeps both in a folder that it can: `/var/lib/hexclave`.
 */
export async function place(options: { dataDir: string; binDir?: string }): Promise<Placement> {
  const requested = resolve(options.dataDir);
  await mkdir(dirname(requested), { recursive: true });
  const binaries = await findBinaries(options.binDir);
  const outside = await outsideDataDir(requested);
  const identity = await chooseIdentity([requested, outside]);
  if (identity === undefined) return { binaries, dataDir: requested, identity, notes: [] };

  const programs = await reachableBinaries(binaries, identity);
  const data = await reachableDataDir(requested, outside, identity);
  const notes = [programs.note, data.note].filter((note) => note !== undefined);
  return { binaries: programs.binaries, dataDir: data.dataDir, identity, notes };
}

async function reachableBinaries(binaries: Binaries, identity: Identity) {
  if (binaries.nativeDir === undefined || (await isReachable(binaries.binDir, identity))) return { binaries };
  const copy = join(await privateBase(), 'programs', binaries.label);
  if (!existsSync(copy)) await copyWhole(binaries.nativeDir, copy);
  return {
    binaries: { ...binaries, nativeDir: copy, binDir: join(copy, 'bin') },
    note: `PostgreSQL runs from a copy of its programs in ${copy}, since an unprivileged user cannot reach this folder.`,
  };
}

/** Copies beside the goal and renames, so that a copy cut short is never taken for a whole one. */
async function copyWhole(from: string, to: string): Promise<void> {
  await ownFolder(dirname(to), 0o755);
  const staging = `${to}.${randomBytes(6).toString('hex')}`;
  try {
    await cp(from, staging, { recursive: true, verbatimSymlinks: true });
    await rename(staging, to);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    // Another process was faster: its copy is as good.
    if (!existsSync(to)) throw error;
  }
}

async function reachableDataDir(requested: string, outside: string, identity: Identity) {
  const reachable = await isReachable(await nearestExisting(dirname(requested)), identity);
  // What exists stays where it is, even if the clone has become reachable since.
  if (reachable && (isCluster(requested) || !isCluster(outside))) return { dataDir: requested };
  await privateBase();
  await ownFolder(dirname(outside), 0o755);
  if (isCluster(requested) && !isCluster(outside)) await moveCluster(requested, outside, identity);
  return {
    dataDir: outside,
    note: `The data lies in ${outside}, since an unprivileged user cannot reach ${requested}.`,
  };
}

async function moveCluster(from: string, to: string, identity: Identity): Promise<void> {
  await copyWhole(from, to);
  await giveTo(to, identity);
  await rm(from, { recursive: true });
}

function isCluster(dataDir: string): boolean {
  return existsSync(join(dataDir, 'PG_VERSION'));
}

/** A name that stays the same for one clone and differs between clones. */
async function outsideDataDir(requested: string): Promise<string> {
  const whole = join(await realpath(dirname(requested)), basename(requested));
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, 16);
  return join(baseDir(), 'data', `${basename(requested)}-${digest}`);
}

/** Only root can create entries in the system's folders, so nobody can lay a trap there, and they survive a reboot. */
function baseDir(): string {
  return join(['/var/lib', '/var/db'].find((folder) => existsSync(folder)) ?? tmpdir(), 'hexclave');
}

async function privateBase(): Promise<string> {
  await ownFolder(baseDir(), 0o755);
  return baseDir();
}
