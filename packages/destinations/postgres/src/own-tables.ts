import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import type { CopyProgress, Position, TargetOwner, TargetTable } from '@hexclave/sync';
import type { Names } from './names.ts';

/** What the metadata says of one mapping. Its owner may have written anything there. */
export type MetadataRow = PositionRow & { readonly externalDatabaseId: string | null; readonly hash: string | null };

/** As text: JSON numbers are not exact, and a JSON `null` is not none. Older versions of Hexclave do not note `sourceLsn`. */
export type PositionRow = Readonly<Record<'epoch' | 'cursor' | 'copy' | 'sourceLsn', string | null>>;

/**
 * What {@link positionOf} reads, of the metadata as `m`. By way of JSON, which does not fail where a column is missing: a table
 * that an older version made has no `source_lsn` until it is prepared again.
 */
export const POSITION_COLUMNS = `m.epoch::text, m.last_synced_sequence_id::text AS cursor, m.copy_progress::text AS copy,
  pg_catalog.to_jsonb(m) ->> 'source_lsn' AS "sourceLsn"`;

const WHOLE_NUMBER = /^-?\d+$/;

/** `null`: there is nothing to build on, or what is there was not written by us. */
export function positionOf({ epoch, cursor, copy, sourceLsn }: PositionRow): Position | null {
  const progress = copy === null ? null : copyProgressOf(copy);
  const isOurs = cursor !== null && [cursor, sourceLsn ?? '0'].every((number) => WHOLE_NUMBER.test(number));
  if (epoch === null || !isOurs || progress === undefined) return null;
  return { epoch, cursor: BigInt(cursor), copy: progress, sourceLsn: sourceLsn === null ? null : BigInt(sourceLsn) };
}

/** `undefined`: it is not as we write it, down to what the fence would compare. */
function copyProgressOf(json: string): CopyProgress | undefined {
  const { after, fresh, ...more } = Object(JSON.parse(json)) as Record<string, unknown>;
  const isKey = Array.isArray(after) && after.length > 0 && after.every((text) => typeof text === 'string');
  if (typeof fresh !== 'boolean' || Object.keys(more).length > 0) return undefined;
  return isKey || after === null ? { after, fresh } : undefined;
}

/** Held while tables are created or altered: two first contacts at once wait for each other. */
export function lockSql(names: Names): string {
  return `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext(${quoteLiteral(`hexclave:${names.schema}`)}))`;
}

/** Our schema and our two tables. */
export function createOwnTables(names: Names, schemaExists: boolean): string[] {
  return [
    // Where the customer has made the schema, the role needs no right to create schemas, even ones that exist.
    ...(schemaExists ? [] : [`CREATE SCHEMA IF NOT EXISTS ${id(names.schema)}`]),
    `CREATE TABLE IF NOT EXISTS ${names.metadata} (
      mapping_name text PRIMARY KEY, owner text NOT NULL, external_database_id text NOT NULL, table_name text NOT NULL,
      declaration_hash text, epoch text, last_synced_sequence_id bigint NOT NULL DEFAULT 0, copy_progress jsonb,
      source_lsn bigint, updated_at timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 50)`,
    `CREATE TABLE IF NOT EXISTS ${names.parked} (
      mapping_name text NOT NULL, key jsonb NOT NULL, error_code text NOT NULL, error_sqlstate text, error_message text NOT NULL,
      attempts integer NOT NULL, parked_at timestamptz NOT NULL, next_attempt_at timestamptz NOT NULL,
      PRIMARY KEY (mapping_name, key))`,
    `COMMENT ON TABLE ${names.metadata} IS 'How far Hexclave has copied each table. Do not edit: a changed row causes a new copy.'`,
    `COMMENT ON TABLE ${names.parked} IS 'Rows that this database refused. Hexclave tries them again by itself.'`,
  ];
}

/** Notes that rows were written outside of batches, as read at that place in the source's log. The position is locked. */
export function noteSourceSql(names: Names, target: TargetTable, sourceLsn: bigint): string {
  const update = `UPDATE ${names.metadata} SET source_lsn = GREATEST(source_lsn, ${sourceLsn}) WHERE mapping_name = ${quoteLiteral(target.mapping)}`;
  return `DO ${quoteLiteral(`BEGIN IF ${hasSourceLsn(names)} THEN ${update}; END IF; END`)}`;
}

/** Whether the table of positions is as this version makes it. */
export function hasSourceLsn(names: Names): string {
  return `EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = pg_catalog.to_regclass(${quoteLiteral(names.metadata)})
      AND a.attname = 'source_lsn' AND NOT a.attisdropped)`;
}

/** What an older version of Hexclave made, brought up to date. */
export function extendOwnTables(names: Names): string {
  return `ALTER TABLE ${names.metadata} ADD COLUMN IF NOT EXISTS source_lsn bigint`;
}

/**
 * Whether the schema holds the copy of another project, or of another external database: in one table they would be mixed
 * for good. What an external database left that is no longer configured may be taken over: it was renamed.
 */
export function ownedByAnother(names: Names, owner: TargetOwner): string {
  const siblings = owner.siblingIds.map((sibling) => quoteLiteral(sibling)).join(', ');
  const sibling = siblings === '' ? '' : ` OR m.external_database_id IN (${siblings})`;
  return `EXISTS (SELECT 1 FROM ${names.metadata} m WHERE m.owner <> ${quoteLiteral(owner.tenancyId)}${sibling})`;
}

/** Notes that a table is as declared, and that there is nothing yet to build on. */
export function claimSql(names: Names, owner: TargetOwner, target: TargetTable): string {
  const values = [target.mapping, owner.tenancyId, owner.externalDatabaseId, target.name, target.hash].map(
    quoteLiteral,
  );
  return `INSERT INTO ${names.metadata} AS m (mapping_name, owner, external_database_id, table_name, declaration_hash) VALUES (${values.join(', ')})
    ON CONFLICT (mapping_name) DO UPDATE SET external_database_id = excluded.external_database_id, table_name = excluded.table_name,
      declaration_hash = excluded.declaration_hash, epoch = NULL, last_synced_sequence_id = 0, copy_progress = NULL,
      source_lsn = NULL, updated_at = now()`;
}

/** The table is copied anew: once it is mended, if it was changed and its values may be gone. */
export function forgetPositionSql(names: Names, target: TargetTable): string {
  return `UPDATE ${names.metadata} SET epoch = NULL WHERE mapping_name = ${quoteLiteral(target.mapping)}`;
}

/** The external database was renamed. Noted, or a later one of the old name would seem to be the owner. */
export function takeOverSql(names: Names, owner: TargetOwner, target: TargetTable): string {
  return `UPDATE ${names.metadata} SET external_database_id = ${quoteLiteral(owner.externalDatabaseId)}
    WHERE mapping_name = ${quoteLiteral(target.mapping)}`;
}
