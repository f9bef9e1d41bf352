import { NOT_DURABLE } from '@hexclave/db';
import type { Mark } from './step.ts';

/**
 * Numbers one batch. `$1` rows a table, `$2` tenancy to start after. Not durable, which is safe: a crash that loses numbers
 * begins an epoch, and rows that are numbered again get numbers above all that was logged, or else the copies' cursors lie
 * beyond the end of the epoch before, and they are copied anew.
 */
export const NUMBER = `SELECT n."numbered", n."last_tenancy" AS "lastTenancy", n."more", ${NOT_DURABLE}
  FROM "backfill_null_sequence_ids"($1, $2) n`;

/**
 * Tells writers whether their commits must wake somebody. Not transactional, so seen at once; what was committed just
 * before falling asleep is found by the passes that follow.
 */
export const MARK: Record<Mark, string> = {
  awake: `SELECT setval('"sequencer_sleep_state"', 1), ${NOT_DURABLE}`,
  asleep: `SELECT setval('"sequencer_sleep_state"', 2), ${NOT_DURABLE}`,
};
