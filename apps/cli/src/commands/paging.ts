import { integer, text } from '@hexclave/env';
import { option, optionOr } from '../declare/values.ts';
import { printable } from '../output/printable.ts';
import type { Styles } from '../output/styles.ts';

/** Options of commands that list pages of the API. */
export const PAGE_OPTIONS = {
  limit: optionOr('--limit <count>', 'how many at most, up to 1000', integer(1, 1_000), 100),
  cursor: option('--cursor <cursor>', 'goes on where another list has ended', text()),
} as const;

type PageOptions = { readonly limit: number; readonly cursor: string | undefined };

/** The same as the query of a request. */
export function pageQuery({ limit, cursor }: PageOptions): { limit: number; cursor?: string } {
  return { limit, ...(cursor !== undefined && { cursor }) };
}

/** How to get the next page, if there is one. */
export function moreLine(nextCursor: string | null, styles: Styles): string[] {
  return nextCursor === null ? [] : [styles.dim(`There are more: add --cursor ${printable(nextCursor)}`)];
}
