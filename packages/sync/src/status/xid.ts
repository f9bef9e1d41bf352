/**
 * SQL: the full id of a transaction that `age()` says was `ago` transactions ago. `age()` counts from the next id to be given
 * out, which is past the end of the snapshot while transactions are under way, in other databases of the server too.
 */
export function xidBefore(ago: string): string {
  return `(pg_snapshot_xmax(pg_current_snapshot())::text::bigint + age(pg_snapshot_xmax(pg_current_snapshot())::xid) - ${ago})`;
}
