import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HexclaveError } from '@hexclave/errors';
import { dataBroken, explainFailure, notAccessible, versionMismatch } from './failures.ts';
import { giveTo } from './folders.ts';
import type { Placement } from './placement.ts';
import { runProgram } from './run.ts';

/** The superuser of every cluster made here. */
export const SUPERUSER = 'hexclave';

const PASSWORD_FILE = 'hexclave-superuser-password';
/** What belongs to one running server and must not be copied along. */
const RUNTIME_FILES = ['postmaster.pid', 'postmaster.opts'];
/** Without `base` a server starts, and fails only later, at the first connection. */
const ESSENTIAL_ENTRIES = [PASSWORD_FILE, 'base', 'global/pg_control', 'pg_wal'];
const STAGING_SUFFIX = /\.[0-9a-f]{12}$/;
const STALE_AFTER_MS = 10 * 60_000;

export type InitialiseOptions = {
  /** `false` leaves out waiting for the disk: for clusters that are thrown away. */
  sync?: boolean;
};

/** Creates the cluster unless it is there; says so when what is there cannot be used. */
export async function ensureCluster(placement: Placement, options: InitialiseOptions = {}): Promise<void> {
  if (!(await isInitialised(placement))) await initialiseCluster(placement, options);
}

async function isInitialised({ dataDir, binaries }: Placement): Promise<boolean> {
  const entries = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw notAccessible({ dataDir, log: String(error.message) });
  });
  if (entries.length === 0) return false;
  const version = await readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(() => '');
  if (version.trim() === '') throw dataBroken(dataDir, 'it holds files, but no PG_VERSION.');
  if (version.trim() !== binaries.major) throw versionMismatch(dataDir, version.trim(), binaries.major);
  const missing = ESSENTIAL_ENTRIES.find((entry) => !existsSync(join(dataDir, entry)));
  if (missing !== undefined) throw dataBroken(dataDir, `it has no ${missing}.`);
  return true;
}

/** Works beside the goal and renames at the end, so that one cut short leaves no half-made cluster behind. */
async function initialiseCluster(placement: Placement, options: InitialiseOptions): Promise<void> {
  await removeStaleStaging(placement.dataDir);
  const staging = await stagingFolder(placement);
  try {
    const passwordFile = join(staging, 'password');
    await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
    await giveTo(staging, placement.identity);
    await runInitdb(placement, staging, options);
    const cluster = join(staging, 'cluster');
    await rename(passwordFile, join(cluster, PASSWORD_FILE));
    await moveIntoPlace(cluster, placement.dataDir);
  } catch (error) {
    throw error instanceof HexclaveError
      ? error
      : explainFailure({ dataDir: placement.dataDir, port: 0, log: String(error) });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function stagingFolder({ dataDir }: Placement): Promise<string> {
  const staging = `${dataDir}.${randomBytes(6).toString('hex')}`;
  await mkdir(staging, { mode: 0o700 }).catch((error: Error) => {
    throw explainFailure({ dataDir, port: 0, log: error.message });
  });
  return staging;
}

async function runInitdb(placement: Placement, staging: string, options: InitialiseOptions): Promise<void> {
  const { code, output } = await runProgram(
    join(placement.binaries.binDir, 'initdb'),
    [
      ...['-D', join(staging, 'cluster'), '-U', SUPERUSER, '--pwfile', join(staging, 'password')],
      // Every system has the C locale; named ones may be missing and sort differently from machine to machine.
      ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'],
      ...(options.sync === false ? ['--no-sync'] : []),
    ],
    placement.identity,
  );
  if (code !== 0) throw explainFailure({ dataDir: placement.dataDir, port: 0, log: output });
}

async function moveIntoPlace(cluster: string, dataDir: string): Promise<void> {
  await rename(cluster, dataDir).catch((error: NodeJS.ErrnoException) => {
    // Two first starts at once: the other one's cluster is as good as ours.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}

/** Copies the data of a stopped cluster, its password included. */
export async function copyData(from: string, to: Placement): Promise<void> {
  const runtimeFiles = RUNTIME_FILES.map((name) => join(from, name));
  await cp(from, to.dataDir, { recursive: true, filter: (source) => !runtimeFiles.includes(source) });
  await chmod(to.dataDir, 0o700);
  await giveTo(to.dataDir, to.identity);
}

export async function readPassword(dataDir: string): Promise<string> {
  return readFile(join(dataDir, PASSWORD_FILE), 'utf8').catch((error: Error) => {
    throw notAccessible({ dataDir, log: error.message });
  });
}

/** Removes what initialisations that were killed have left behind; those of the last minutes may still be running. */
async function removeStaleStaging(dataDir: string): Promise<void> {
  const parent = dirname(dataDir);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(dataDir)}.`) || !STAGING_SUFFIX.test(name)) continue;
    const age = Date.now() - (await stat(join(parent, name))).mtimeMs;
    if (age > STALE_AFTER_MS) await rm(join(parent, name), { recursive: true, force: true });
  }
}
