/** Numbers one batch. `$1` rows a table, `$2` tenancy to start after. */
export const NUMBER =
  'SELECT "numbered", "last_tenancy" AS "lastTenancy", "more" FROM "backfill_null_sequence_ids"($1, $2)';

/** From now on writers wake nobody. Not transactional, so seen at once. */
export const MARK_AWAKE = `SELECT setval('"sequencer_sleep_state"', 1)`;

/** From now on a writer's commit wakes us. What was committed just before is found by the passes that follow. */
export const MARK_ASLEEP = `SELECT setval('"sequencer_sleep_state"', 2)`;

export const WAKE_CHANNEL = 'hexclave_sequencer';
