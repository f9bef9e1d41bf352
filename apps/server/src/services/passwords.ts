import { randomBytes, scrypt } from 'node:crypto';
import { KnownError } from '@hexclave/contract';

const MIN_LENGTH = 8;
const MAX_LENGTH = 70;
const LOG_COST = 15;
const BLOCK_SIZE = 8;
const PARALLELISM = 3;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/**
 * A password as scrypt hash in PHC format, with OWASP's parameters. `undefined` and `null` pass through: nothing to
 * change, and no password.
 */
export async function hashPassword(password: string | null | undefined): Promise<string | null | undefined> {
  if (password === undefined || password === null) return password;
  if (password.length < MIN_LENGTH) throw new KnownError('PASSWORD_TOO_SHORT', { min_length: MIN_LENGTH });
  if (password.length > MAX_LENGTH) throw new KnownError('PASSWORD_TOO_LONG', { maxLength: MAX_LENGTH });
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt);
  return `$scrypt$ln=${LOG_COST},r=${BLOCK_SIZE},p=${PARALLELISM}$${unpadded(salt)}$${unpadded(hash)}`;
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  const options = { cost: 2 ** LOG_COST, blockSize: BLOCK_SIZE, parallelization: PARALLELISM, maxmem: 2 ** 27 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
