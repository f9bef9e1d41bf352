import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether an Authorization header carries the secret. Takes the same time wherever the two differ. */
export function carriesSecret(authorization: string | undefined, secret: string): boolean {
  const [, given] = /^Bearer (.+)$/i.exec(authorization ?? '') ?? [];
  return given !== undefined && timingSafeEqual(digest(given), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
