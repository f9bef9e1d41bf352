import { NOT_DURABLE } from '@hexclave/db';

/**
 * Numbers one batch. `$1` rows a table, `$2` tenancy to start after, `$3` whether the next writer is asked to wake us. Not
 * durable, which is safe: a crash that loses numbers begins an epoch, and rows that are numbered again get numbers above
 * all that was logged, or else the copies' cursors lie beyond the end of the epoch before, and they are copied anew.
 */
export const NUMBER = `SELECT n."numbered", n."last_tenancy" AS "lastTenancy", n."more", ${NOT_DURABLE}
  FROM "backfill_null_sequence_ids"($1, $2, $3) n`;
