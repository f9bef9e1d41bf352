import { randomBytes } from 'node:crypto';
import { hashKey, sameHash } from '../services/keys.ts';
import type { SessionOwner } from './sessions.ts';

const TOKEN_BYTES = 32;
const GOOD_FOR_MS = 60 * 60 * 1_000;

/**
 * Links that sign in once, for whoever starts a development server and reads its output. Kept in the memory of the
 * process that printed them: the next start prints another.
 */
export type SignInLinks = {
  /** @returns the token of a new link */
  make(owner: SessionOwner): string;
  /** Whose link it is, the first time and in time. */
  redeem(token: string): SessionOwner | undefined;
};

export function createSignInLinks(now: () => number = Date.now): SignInLinks {
  const open = new Map<string, { hash: Buffer; owner: SessionOwner; until: number }>();
  return {
    make: (owner) => {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      open.set(token.slice(0, 8), { hash: hashKey(token), owner, until: now() + GOOD_FOR_MS });
      return token;
    },
    redeem: (token) => {
      const link = open.get(token.slice(0, 8));
      if (link === undefined || !sameHash(link.hash, hashKey(token))) return undefined;
      open.delete(token.slice(0, 8));
      return now() < link.until ? link.owner : undefined;
    },
  };
}
