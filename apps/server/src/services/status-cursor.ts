import type { ListPosition } from '@hexclave/sync';
import { z } from 'zod';

/** The end of the year 9999: what lies beyond is no time to PostgreSQL, or written in another way. */
const LATEST_MS = 253_402_300_799_999;

const position = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('attention'),
    tenancyId: z.uuid(),
    state: z.enum(['failing', 'behind', 'paused']),
    since: z.int().min(0).max(LATEST_MS).nullable(),
  }),
  z.strictObject({ kind: z.literal('name'), name: z.string(), projectId: z.string(), tenancyId: z.uuid() }),
]);

/** A place in the list of projects, as text that says nothing to anybody else. */
export function encodePosition(place: ListPosition): string {
  const value = place.kind === 'attention' ? { ...place, since: place.since?.getTime() ?? null } : place;
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** `undefined` for what is no cursor of ours. */
export function decodePosition(cursor: string): ListPosition | undefined {
  const parsed = position.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!parsed.success) return undefined;
  const place = parsed.data;
  if (place.kind === 'name')
    return place.name.includes('\u0000') || place.projectId.includes('\u0000') ? undefined : place;
  return { ...place, since: place.since === null ? null : new Date(place.since) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
