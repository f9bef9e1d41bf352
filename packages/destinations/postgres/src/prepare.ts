import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import {
  type CopyProgress,
  DELETED_AT,
  DestinationError,
  type DestinationFailure,
  type Position,
  type PreparedTable,
  type TargetOwner,
  type TargetTable,
} from '@hexclave/sync';
import type pg from 'pg';
import { classify } from './classify.ts';
import { type FoundTable, findDrift, findTable } from './drift.ts';
import { BEGIN, METADATA_TABLE, type Names, PARKED_TABLE } from './names.ts';
import { countParked } from './parked.ts';
import { readBounded, rollback, runStatements } from './transaction.ts';

type MetadataRow = {
  mapping_name: string;
  owner: string;
  external_database_id: string;
  table_name: string;
  declaration_hash: string | null;
  epoch: string | null;
  last_synced_sequence_id: bigint;
  copy_progress: CopyProgress | null;
};

/** Creates what is missing and says where each mapping stands; see `DestinationConnection.prepare`. */
export async function prepare(
  client: pg.Client,
  names: Names,
  owner: TargetOwner,
  targets: readonly TargetTable[],
): Promise<Map<string, PreparedTable | DestinationFailure>> {
  const metadata = await ensureMetadata(client, names, owner);
  const prepared = new Map<string, PreparedTable | DestinationFailure>();
  for (const target of targets) {
    try {
      prepared.set(target.mapping, await prepareTable(client, names, owner, target, metadata.get(target.mapping)));
    } catch (error) {
      const failure = classify(error);
      if (failure.scope === 'connection') throw failure;
      prepared.set(target.mapping, { failure });
    }
  }
  return prepared;
}

/** First contact: our schema and our two tables. Two first contacts at once wait for each other. */
async function ensureMetadata(client: pg.Client, names: Names, owner: TargetOwner): Promise<Map<string, MetadataRow>> {
  const known = await client.query<{ metadata: string | null; schema: boolean }>(
    'SELECT pg_catalog.to_regclass($1)::text AS metadata, EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $2) AS schema',
    [names.metadata, names.schema],
  );
  if (known.rows[0]?.metadata === null) await createMetadata(client, names, known.rows[0].schema);
  return readMetadata(client, names, owner);
}

async function createMetadata(client: pg.Client, names: Names, schemaExists: boolean): Promise<void> {
  await runStatements(client, [
    BEGIN,
    `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext(${quoteLiteral(`hexclave:${names.schema}`)}))`,
    // Where the customer has made the schema, the role needs no right to create schemas, even ones that exist.
    ...(schemaExists ? [] : [`CREATE SCHEMA IF NOT EXISTS ${id(names.schema)}`]),
    `CREATE TABLE IF NOT EXISTS ${names.metadata} (
      mapping_name text PRIMARY KEY, owner text NOT NULL, external_database_id text NOT NULL, table_name text NOT NULL,
      declaration_hash text, epoch text, last_synced_sequence_id bigint NOT NULL DEFAULT 0, copy_progress jsonb,
      updated_at timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 50)`,
    `CREATE TABLE IF NOT EXISTS ${names.parked} (
      mapping_name text NOT NULL, key jsonb NOT NULL, error_code text NOT NULL, error_sqlstate text, error_message text NOT NULL,
      attempts integer NOT NULL, parked_at timestamptz NOT NULL, next_attempt_at timestamptz NOT NULL,
      PRIMARY KEY (mapping_name, key))`,
    `COMMENT ON TABLE ${names.metadata} IS 'How far Hexclave has copied each table. Do not edit: a changed row causes a new copy.'`,
    `COMMENT ON TABLE ${names.parked} IS 'Rows that this database refused. Hexclave tries them again by itself.'`,
    'COMMIT',
  ]);
}

/** Refuses a schema that holds somebody else's copy: two projects in one table would be mixed for good. */
async function readMetadata(client: pg.Client, names: Names, owner: TargetOwner): Promise<Map<string, MetadataRow>> {
  const rows = await readBounded<MetadataRow>(
    client,
    `SELECT mapping_name, owner, external_database_id, table_name, declaration_hash, epoch, last_synced_sequence_id, copy_progress FROM ${names.metadata}`,
  );
  if (rows.some((row) => !mayTake(row, owner))) throw new DestinationError('TARGET_OWNED_BY_ANOTHER_PROJECT');
  return new Map(rows.map((row) => [row.mapping_name, row]));
}

/** What an external database left that is no longer configured may be taken over: it was renamed. */
function mayTake(row: MetadataRow, owner: TargetOwner): boolean {
  return row.owner === owner.tenancyId && !owner.siblingIds.includes(row.external_database_id);
}

async function prepareTable(
  client: pg.Client,
  names: Names,
  owner: TargetOwner,
  target: TargetTable,
  metadata: MetadataRow | undefined,
): Promise<PreparedTable> {
  if (target.name === METADATA_TABLE || target.name === PARKED_TABLE) throw new DestinationError('TARGET_TABLE_EXISTS');
  const found = await findTable(client, names, target);
  const isCurrent = found !== null && metadata?.declaration_hash === target.hash;
  if (isCurrent) {
    await checkShape(client, names, target, found);
    if (metadata.external_database_id !== owner.externalDatabaseId) await takeOver(client, names, owner, target);
  } else await createOrAlter(client, names, owner, target, ddl(names, target, found));
  return {
    position: isCurrent ? positionOf(metadata) : null,
    parked: await countParked(client, names, target),
  };
}

/**
 * A table that the customer has changed, or put in the place of ours, is refused, and copied anew once it is mended: its
 * values may be gone.
 */
async function checkShape(client: pg.Client, names: Names, target: TargetTable, found: FoundTable): Promise<void> {
  const problem = foreignTable(target, found) ?? findDrift(target, names.table(target), found);
  if (problem === null) return;
  const forget = `UPDATE ${names.metadata} SET epoch = NULL WHERE mapping_name = ${quoteLiteral(target.mapping)}`;
  await runStatements(client, [BEGIN, forget, 'COMMIT']);
  throw problem;
}

function foreignTable(target: TargetTable, found: FoundTable): DestinationError | null {
  if (found.comment === markOf(target)) return null;
  return new DestinationError('TARGET_TABLE_EXISTS', { detail: `table ${target.name}` });
}

/** The external database was renamed. Noted, or a later one of the old name would seem to be the owner. */
async function takeOver(client: pg.Client, names: Names, owner: TargetOwner, target: TargetTable): Promise<void> {
  const note = `UPDATE ${names.metadata} SET external_database_id = ${quoteLiteral(owner.externalDatabaseId)}
    WHERE mapping_name = ${quoteLiteral(target.mapping)} AND owner = ${quoteLiteral(owner.tenancyId)}`;
  await runStatements(client, [BEGIN, note, 'COMMIT']);
}

/** What makes a table match a new declaration. */
function ddl(names: Names, target: TargetTable, found: FoundTable | null): string[] {
  const table = names.table(target);
  if (found === null)
    return [createTable(target, table), `COMMENT ON TABLE ${table} IS ${quoteLiteral(markOf(target))}`];
  const foreign = foreignTable(target, found);
  if (foreign !== null) throw foreign;
  const statements = alterTable(target, table, found);
  const drift = findDrift(target, table, found, statements.length > 0);
  if (drift !== null) throw drift;
  return statements;
}

/** By this comment a table is known to be ours, also after a dump and restore. */
function markOf(target: TargetTable): string {
  return `Kept up to date by Hexclave (mapping ${target.mapping}). Changes made here by hand are overwritten.`;
}

function createTable(target: TargetTable, table: string): string {
  const columns = target.columns.map(
    (column) => `${id(column.name)} ${column.type}${column.notNull ? ' NOT NULL' : ''}`,
  );
  if (target.deleteMode === 'soft') columns.push(`${DELETED_AT} timestamptz`);
  return `CREATE TABLE ${table} (${[...columns, `PRIMARY KEY (${target.key.map((key) => id(key)).join(', ')})`].join(', ')})`;
}

/** New columns are added as nullable ones, since rows that are there have no values yet; columns no longer filled must not be NOT NULL. */
function alterTable(target: TargetTable, table: string, found: FoundTable): string[] {
  const wanted = [
    ...target.columns,
    ...(target.deleteMode === 'soft' ? [{ name: DELETED_AT, type: 'timestamptz' }] : []),
  ];
  const added = wanted.filter((column) => !found.columns.has(column.name));
  const unfilled = [...found.columns].filter(
    ([name, column]) => column.notNull && !column.hasDefault && !wanted.some((other) => other.name === name),
  );
  const actions = [
    ...added.map((column) => `ADD COLUMN ${id(column.name)} ${column.type}`),
    ...unfilled.map(([name]) => `ALTER COLUMN ${id(name)} DROP NOT NULL`),
  ];
  return actions.length === 0 ? [] : [`ALTER TABLE ${table} ${actions.join(', ')}`];
}

/** DDL and the note that there is nothing to build on yet, in one transaction. */
async function createOrAlter(
  client: pg.Client,
  names: Names,
  owner: TargetOwner,
  target: TargetTable,
  statements: readonly string[],
): Promise<void> {
  const values = [target.mapping, owner.tenancyId, owner.externalDatabaseId, target.name, target.hash].map(
    quoteLiteral,
  );
  const siblings =
    owner.siblingIds.length === 0
      ? ''
      : ` AND m.external_database_id NOT IN (${owner.siblingIds.map(quoteLiteral).join(', ')})`;
  const claim = `INSERT INTO ${names.metadata} AS m (mapping_name, owner, external_database_id, table_name, declaration_hash) VALUES (${values.join(', ')})
    ON CONFLICT (mapping_name) DO UPDATE SET external_database_id = excluded.external_database_id, table_name = excluded.table_name,
      declaration_hash = excluded.declaration_hash, epoch = NULL, last_synced_sequence_id = 0, copy_progress = NULL, updated_at = now()
    WHERE m.owner = excluded.owner${siblings} RETURNING 1`;
  const lock = `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext(${quoteLiteral(`hexclave:${names.schema}`)}))`;
  const results = await runStatements(client, [BEGIN, lock, ...statements, claim]);
  if (results.at(-1)?.rowCount !== 1) {
    await rollback(client);
    throw new DestinationError('TARGET_OWNED_BY_ANOTHER_PROJECT');
  }
  await runStatements(client, ['COMMIT']);
}

function positionOf(metadata: MetadataRow): Position | null {
  if (metadata.epoch === null) return null;
  return { epoch: metadata.epoch, cursor: metadata.last_synced_sequence_id, copy: metadata.copy_progress };
}

/** One mapping's position as it is now. */
export async function readPosition(client: pg.Client, names: Names, target: TargetTable): Promise<Position | null> {
  const rows = await readBounded<MetadataRow>(
    client,
    `SELECT epoch, last_synced_sequence_id, copy_progress FROM ${names.metadata}
     WHERE mapping_name = ${quoteLiteral(target.mapping)} AND declaration_hash = ${quoteLiteral(target.hash)}`,
  );
  return rows[0] === undefined ? null : positionOf(rows[0]);
}
