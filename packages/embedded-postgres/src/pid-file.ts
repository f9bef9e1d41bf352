import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isPostgresOf } from './process-info.ts';

/** What `postmaster.pid` says; see "postmaster.pid" in PostgreSQL's `miscadmin.h` for its lines. */
export type PidFile = { pid: number; port: number; status: 'starting' | 'stopping' | 'ready' | 'standby' | 'unknown' };

const STATUSES = new Set(['starting', 'stopping', 'ready', 'standby']);

export async function readPidFile(dataDir: string): Promise<PidFile | undefined> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parsePidFile(text);
}

export function parsePidFile(text: string): PidFile | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const status = STATUSES.has(lines[7] ?? '') ? (lines[7] as PidFile['status']) : 'unknown';
  return { pid, port: Number(lines[3] ?? 0), status };
}

/**
 * The server that runs on this data folder now. A pid file whose process is gone, or is something else altogether
 * (ids are reused after a reboot, and at once in containers), is removed: PostgreSQL would refuse to start over it.
 */
export async function findRunning(dataDir: string): Promise<PidFile | undefined> {
  const found = await readPidFile(dataDir);
  if (found === undefined) return undefined;
  if (await isPostgresOf(found.pid, await realpath(dataDir))) return found;
  await rm(join(dataDir, 'postmaster.pid'), { force: true });
  return undefined;
}
