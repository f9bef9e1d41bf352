import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a key gives access to, by the letters it begins with. */
export const KEY_PREFIXES = { client: 'pck_', server: 'ssk_', admin: 'sak_' } as const;
export type KeyKind = keyof typeof KEY_PREFIXES;

const RANDOM_BYTES = 32;
const CHECKSUM_LENGTH = 6;
const RANDOM_LENGTH = 43;
const KEY = new RegExp(`^[a-z]{3}_[A-Za-z0-9_-]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);
/** What the operator seeds the internal project with, and no other, may also be this: 256 random bits from a shell. */
const SEEDED_KEY = /^[0-9a-f]{64}$/i;

/** A new key: 256 random bits, then a checksum by which typing errors and other people's keys are told apart offline. */
export function generateKey(kind: KeyKind): string {
  const body = KEY_PREFIXES[kind] + randomBytes(RANDOM_BYTES).toString('base64url');
  return body + checksum(body);
}

/**
 * Whether the text can be a key of that kind at all, which spares the database most wrong ones.
 *
 * @param mayBeSeeded for the internal project, whose keys an operator may have made
 */
export function isWellFormedKey(kind: KeyKind, key: string, mayBeSeeded: boolean): boolean {
  if (mayBeSeeded && SEEDED_KEY.test(key)) return true;
  if (!KEY.test(key) || !key.startsWith(KEY_PREFIXES[kind])) return false;
  const body = key.slice(0, -CHECKSUM_LENGTH);
  return checksum(body) === key.slice(-CHECKSUM_LENGTH);
}

/** What is stored of a key. A slow hash would buy nothing: there is no guessing 256 random bits. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Compares hashes in constant time. */
export function sameHash(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** The last four characters, by which people tell their keys apart. */
export function hintOf(key: string): string {
  return key.slice(-4);
}

function checksum(body: string): string {
  return createHash('sha256').update(`hexclave-key-checksum:${body}`).digest('base64url').slice(0, CHECKSUM_LENGTH);
}
