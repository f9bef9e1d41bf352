import { z } from '@hono/zod-openapi';

const MAX_NAME_LENGTH = 256;
const MAX_EMAIL_LENGTH = 254;
const MAX_URL_LENGTH = 4_096;
/** 100 KB of image, which Base64 makes a third longer. */
const MAX_IMAGE_DATA_LENGTH = 137_000;
const MAX_METADATA_LENGTH = 1_048_576;
const MAX_DESCRIPTION_LENGTH = 2_000;
const MAX_QUERY_LENGTH = 256;
const MAX_CURSOR_LENGTH = 256;

/** C0 and C1 control characters, line breaks included: they have no place in a name and break logs and headers. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point.
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/;
const IMAGE_DATA = /^data:image\/(png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/]+={0,2}$/;

/** Text of one line. Its length is counted in UTF-16 code units. */
export function singleLine(maxLength: number) {
  return z
    .string()
    .max(maxLength, `must have at most ${maxLength} characters`)
    .refine((text) => !CONTROL_CHARACTERS.test(text), 'must not contain control characters or line breaks');
}

export const displayName = singleLine(MAX_NAME_LENGTH).openapi({ example: 'Ada Lovelace' });
export const requiredName = singleLine(MAX_NAME_LENGTH).min(1, 'must not be empty');
export const description = z
  .string()
  .max(MAX_DESCRIPTION_LENGTH, `must have at most ${MAX_DESCRIPTION_LENGTH} characters`);

export const imageUrl = z
  .string()
  .max(MAX_IMAGE_DATA_LENGTH, 'is too long: send an URL, or an image of less than 100 KB')
  .refine(isImageUrl, `must be a http(s) URL of at most ${MAX_URL_LENGTH} characters, or a data: URL of a Base64 image`)
  .openapi({ example: 'https://example.com/ada.png' });

function isImageUrl(text: string): boolean {
  if (text.startsWith('data:')) return IMAGE_DATA.test(text);
  if (text.length > MAX_URL_LENGTH || CONTROL_CHARACTERS.test(text) || !URL.canParse(text)) return false;
  return ['http:', 'https:'].includes(new URL(text).protocol);
}

/** Addresses are compared as lower case, so that one mailbox cannot belong to two users by its spelling. */
export const email = z
  .email({ pattern: z.regexes.html5Email, error: 'must be an e-mail address' })
  .max(MAX_EMAIL_LENGTH, `must have at most ${MAX_EMAIL_LENGTH} characters`)
  .transform((address) => address.toLowerCase())
  .openapi({ example: 'ada@example.com' });

/** Any JSON value; null is kept as "none". */
export const metadata = z
  .unknown()
  .refine(isSmallEnough, `must have at most ${MAX_METADATA_LENGTH} characters as JSON`)
  .openapi({ description: 'Any JSON value.', example: { plan: 'pro' } });

function isSmallEnough(value: unknown): boolean {
  return value === undefined || JSON.stringify(value).length <= MAX_METADATA_LENGTH;
}

export const uuid = z
  .uuid('must be an UUID')
  .transform((id) => id.toLowerCase())
  .openapi({ example: '3241a285-8329-4d69-8f3d-316e08cf140c' });

export const millis = z.number().openapi({ description: 'Milliseconds since 1970.', example: 1_750_000_000_000 });

export const queryFlag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((text) => text === 'true')
  .openapi({ type: 'string', enum: ['true', 'false'] });

export const searchQuery = z.string().max(MAX_QUERY_LENGTH, `must have at most ${MAX_QUERY_LENGTH} characters`);

/** `limit` and `cursor` of a list. The cursor is what the page before gave as `next_cursor`. */
export function pageQuery(defaultLimit: number, maxLimit: number) {
  const message = `must be a whole number from 1 to ${maxLimit}`;
  return {
    limit: z
      .string()
      .regex(/^[0-9]{1,6}$/, message)
      .transform(Number)
      .refine((limit) => limit >= 1 && limit <= maxLimit, message)
      .default(defaultLimit)
      .openapi({ type: 'integer', minimum: 1, maximum: maxLimit, default: defaultLimit }),
    cursor: z.string().max(MAX_CURSOR_LENGTH, 'is not a cursor of this list').optional(),
  };
}

export const deleted = z.object({ success: z.literal(true) }).openapi('Deleted');

/** A list that is answered whole. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ is_paginated: z.literal(false), items: z.array(item) });
}

/** One page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    is_paginated: z.literal(true),
    items: z.array(item),
    pagination: z.object({
      limit: z.number().int(),
      next_cursor: z.string().nullable().openapi({ description: 'The cursor of the next page; null on the last.' }),
    }),
  });
}
