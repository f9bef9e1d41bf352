import type { ListPosition } from '@hexclave/sync';
import { z } from 'zod';

/** The end of the year 9999: what lies beyond is no time to PostgreSQL, or written in another way. */
const LATEST_MS = 253_402_300_799_999;

/** What PostgreSQL takes as a bigint; JSON knows none. */
const bigintText = z.string().refine((text) => /^\d{1,19}$/.test(text) && BigInt(text) < 1n << 63n);

const position = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('attention'),
    tenancyId: z.uuid(),
    state: z.enum(['failing', 'behind', 'paused']),
    since: z.int().min(0).max(LATEST_MS).nullable(),
  }),
  z.strictObject({ kind: z.literal('lag'), tenancyId: z.uuid(), oldest: bigintText }),
  z.strictObject({ kind: z.literal('name'), name: z.string(), projectId: z.string(), tenancyId: z.uuid() }),
]);

/** A place in the list of projects, as text that says nothing to anybody else. */
export function encodePosition(place: ListPosition): string {
  return Buffer.from(JSON.stringify(plainOf(place))).toString('base64url');
}

function plainOf(place: ListPosition): z.input<typeof position> {
  switch (place.kind) {
    case 'attention':
      return { ...place, since: place.since?.getTime() ?? null };
    case 'lag':
      return { ...place, oldest: String(place.oldest) };
    case 'name':
      return place;
  }
}

/** `undefined` for what is no cursor of ours. */
export function decodePosition(cursor: string): ListPosition | undefined {
  const parsed = position.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!parsed.success) return undefined;
  const place = parsed.data;
  switch (place.kind) {
    case 'attention':
      return { ...place, since: place.since === null ? null : new Date(place.since) };
    case 'lag':
      return { ...place, oldest: BigInt(place.oldest) };
    case 'name':
      return place.name.includes('\u0000') || place.projectId.includes('\u0000') ? undefined : place;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
