import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HexclaveError } from '@hexclave/errors';
import { completeSecrets, EMULATOR_SECRETS, type EmulatorSecrets } from './secrets.ts';

const HEAD = '# The secrets of this local emulator. They win over the environment that it is started with.\n';
const LINE = /^([A-Z_]+)=([0-9A-Fa-f]{64})$/;

/** The environment overlay of a local emulator: one line a secret, for its owner only. */
export function secretsFileOf(home: string): string {
  return join(home, 'emulator.env');
}

/**
 * The secrets of an emulator. At the first start they are the given ones, and fresh ones for the others. Of several
 * processes that start at once one makes them; one killed halfway leaves none behind.
 *
 * @throws {HexclaveError} SECRETS_FILE_BROKEN, EMULATOR_SECRET_REFUSED
 */
export async function ensureSecrets(
  home: string,
  given: Readonly<Record<string, string | undefined>> = {},
): Promise<EmulatorSecrets> {
  const path = secretsFileOf(home);
  const existing = await readSecrets(home);
  if (existing !== undefined) return existing;
  await withDraft(path, completeSecrets(given), async (draft) => {
    // Unlike a rename, a link does not replace the file of a process that was faster.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  });
  return ensureSecrets(home, given);
}

/** Takes the place of the secrets that there were: whoever reads the file sees the old ones or the new ones. */
export async function writeSecrets(home: string, secrets: EmulatorSecrets): Promise<void> {
  const path = secretsFileOf(home);
  await withDraft(path, secrets, (draft) => rename(draft, path));
}

/** `undefined` where none have been made yet. */
export async function readSecrets(home: string): Promise<EmulatorSecrets | undefined> {
  const path = secretsFileOf(home);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  // Whoever has edited or copied it may have left it open to others.
  await chmod(path, 0o600);
  return parse(path, text);
}

function parse(path: string, text: string): EmulatorSecrets {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const secrets = Object.fromEntries(lines.flatMap((line) => [LINE.exec(line)?.slice(1) ?? []]));
  if (lines.length === EMULATOR_SECRETS.length && EMULATOR_SECRETS.every((name) => name in secrets)) return secrets;
  throw new HexclaveError({
    code: 'SECRETS_FILE_BROKEN',
    message: `The file of this emulator’s secrets is damaged: ${path}`,
    remedy: 'Restore the file. Or remove it: fresh secrets are made at the next start, and the old keys stop working.',
  });
}

async function withDraft(
  path: string,
  secrets: EmulatorSecrets,
  publish: (draft: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    await file
      .writeFile(HEAD + EMULATOR_SECRETS.map((name) => `${name}=${secrets[name]}\n`).join(''))
      .then(() => file.sync())
      .finally(() => file.close());
    await publish(draft);
  } finally {
    await rm(draft, { force: true });
  }
}
