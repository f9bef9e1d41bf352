import { randomBytes } from 'node:crypto';
import { HexclaveError } from '@hexclave/errors';
import { type InternalKeys, SEED_VARIABLES } from '../seed/internal-keys.ts';

/** The variables whose values a local emulator makes up, and can exchange while it runs. */
export const EMULATOR_SECRETS = [...Object.values(SEED_VARIABLES), 'CRON_SECRET'];

/** A value for each of them, by name. */
export type EmulatorSecrets = Readonly<Record<string, string>>;

const BYTES = 32;
const SECRET = /^[0-9a-f]{64}$/i;

/**
 * The given secrets, and fresh ones for those that are not given.
 *
 * @throws {HexclaveError} EMULATOR_SECRET_REFUSED for anything that is not 64 hexadecimal digits; no value is shown
 */
export function completeSecrets(given: Readonly<Record<string, string | undefined>> = {}): EmulatorSecrets {
  for (const [name, value] of Object.entries(given)) assertSecret(name, value);
  const values = EMULATOR_SECRETS.map((name) => [name, given[name] ?? randomBytes(BYTES).toString('hex')] as const);
  return Object.fromEntries(values);
}

function assertSecret(name: string, value: string | undefined): void {
  if (!EMULATOR_SECRETS.includes(name)) {
    throw refused('There is a value for something that is no secret of a local emulator.', EMULATOR_SECRETS.join(', '));
  }
  if (value === undefined || SECRET.test(value)) return;
  throw refused(`${name} is not 64 hexadecimal digits.`, 'Make one with `openssl rand -hex 32`, or leave it out.');
}

function refused(message: string, remedy: string): HexclaveError {
  return new HexclaveError({ code: 'EMULATOR_SECRET_REFUSED', message, remedy });
}

/** Those of them that open the internal project. */
export function internalKeysOf(secrets: EmulatorSecrets): InternalKeys {
  const { client, server, admin } = SEED_VARIABLES;
  return { client: secrets[client], server: secrets[server], admin: secrets[admin] };
}
