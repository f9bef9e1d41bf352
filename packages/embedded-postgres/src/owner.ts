import { readFile, rm, writeFile } from 'node:fs/promises';
import { isAlive, startToken } from './process-info.ts';

type Owner = { pid: number; startToken: string };

/**
 * Which process looks after a running cluster, so that a second start knows whether to take it over. The file lies
 * beside the data folder, not in it: the folder may belong to an unprivileged user, and root must not write through
 * a link which that user could put there.
 */
function ownerFile(dataDir: string): string {
  return `${dataDir}.owner.json`;
}

export async function recordOwner(dataDir: string): Promise<void> {
  const owner: Owner = { pid: process.pid, startToken: await startToken(process.pid) };
  await writeFile(ownerFile(dataDir), JSON.stringify(owner), { mode: 0o600 });
}

export async function forgetOwner(dataDir: string): Promise<void> {
  await rm(ownerFile(dataDir), { force: true });
}

/** The id of the live process (this one included) that looks after the cluster, if any does. */
export async function liveOwner(dataDir: string): Promise<number | undefined> {
  const text = await readFile(ownerFile(dataDir), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const owner = parseOwner(text);
  if (owner === undefined || !isAlive(owner.pid)) return undefined;
  return (await startToken(owner.pid)) === owner.startToken ? owner.pid : undefined;
}

function parseOwner(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    // Cut short by a crash while it was written.
    return undefined;
  }
}
