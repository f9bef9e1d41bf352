/**
 * SQL for a statement whose commit need not wait until its WAL is on disk: only for what a crash may undo harmlessly. It
 * holds until the end of the transaction, so in a single statement for its own commit. Has to be evaluated: select it.
 */
export const NOT_DURABLE = "set_config('synchronous_commit', 'off', true)";
