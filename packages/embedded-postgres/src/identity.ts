import { readFile, stat } from 'node:fs/promises';
import { HexclaveError } from '@hexclave/errors';

/** The operating-system user that the server runs as, where it differs from ours. */
export type Identity = { uid: number; gid: number };

/**
 * PostgreSQL refuses to run as root. Root therefore lends it the user that owns the data already, or else `nobody`
 * (not `postgres`: a server of the system's own may keep its data under that user).
 *
 * @returns undefined when the server may simply run as ourselves
 */
export async function chooseIdentity(existingDataDirs: string[]): Promise<Identity | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = parsePasswd(await readFile('/etc/passwd', 'utf8').catch(() => ''));
  for (const dataDir of existingDataDirs) {
    const owner = await stat(dataDir).catch(() => undefined);
    const account = accounts.find(({ uid }) => uid === owner?.uid);
    if (owner !== undefined && account !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  }
  const nobody = accounts.find(({ name }) => name === 'nobody');
  if (nobody !== undefined) return { uid: nobody.uid, gid: nobody.gid };
  throw new HexclaveError({
    code: 'EMBEDDED_POSTGRES_NO_USER',
    message: 'PostgreSQL cannot run as root, and /etc/passwd has no user `nobody` to run it as.',
    remedy: 'Start Hexclave as an ordinary user.',
  });
}

type Account = { name: string; uid: number; gid: number };

/** Reads `/etc/passwd`; macOS writes the ids of `nobody` as −2. */
export function parsePasswd(text: string): Account[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }));
}
