import { quoteLiteral } from '@hexclave/db';
import type { TargetOwner, TargetTable } from '@hexclave/sync';
import type pg from 'pg';
import type { FoundColumn, FoundTable } from './drift.ts';
import { BEGIN, type Names } from './names.ts';
import { hasSourceLsn, type MetadataRow, ownedByAnother, POSITION_COLUMNS } from './own-tables.ts';
import { refusal, refuseIf } from './refusal.ts';
import { runStatements } from './transaction.ts';

/** What is in the target before anything is done there. */
export type Survey = {
  readonly schemaExists: boolean;
  /** Our own two tables are as this version makes them. */
  readonly metadataIsCurrent: boolean;
  /** By mapping. `null`: our own two tables are not both there. */
  readonly metadata: ReadonlyMap<string, MetadataRow> | null;
  /** How many rows of each mapping are parked; mappings without are not named. */
  readonly parked: ReadonlyMap<string, number>;
  /** By mapping; `null`: there is no such table. */
  readonly tables: ReadonlyMap<string, FoundTable | null>;
};

/**
 * Looks at everything that preparing needs to know, in one round trip, whether or not our tables are there yet. Fails if
 * the server is none to be written to, or the schema is somebody else's.
 */
export async function takeSurvey(
  client: pg.Client,
  names: Names,
  owner: TargetOwner,
  targets: readonly TargetTable[],
): Promise<Survey> {
  const statements = [...checkServer(), readOwnTables(names, owner, targets), ownSql(names), tablesSql(names, targets)];
  const results = await runStatements(client, [BEGIN, ...statements, 'COMMIT']);
  const [tables, own] = [results.at(-2)?.rows as TableRow[], results.at(-3)?.rows[0] as OwnRow | undefined];
  return {
    schemaExists: own?.schema_exists === true,
    metadataIsCurrent: own?.metadata_is_current === true,
    metadata: own?.metadata == null ? null : new Map(own.metadata.map((row) => [row.mapping, row])),
    parked: new Map(own?.parked?.map(({ mapping, count }) => [mapping, count])),
    tables: new Map(targets.map((target, place) => [target.mapping, toFoundTable(target, tables[place])])),
  };
}

export const IS_TOO_OLD = `pg_catalog.current_setting('server_version_num')::int < 120000`;

/** An internal database is known by two of its tables, whichever name or address it was reached by; the catalogue is open to any role. */
export const IS_INTERNAL_DATABASE = `(SELECT pg_catalog.count(DISTINCT c.relname) = 2 FROM pg_catalog.pg_class c WHERE c.relname IN ('SequenceEpoch', 'ExternalDbSyncMetadata'))`;

function checkServer(): string[] {
  return [
    refuseIf(IS_TOO_OLD, 'TARGET_UNSUPPORTED_VERSION'),
    refuseIf(IS_INTERNAL_DATABASE, 'TARGET_IS_INTERNAL_DATABASE'),
  ];
}

type OwnRow = {
  readonly schema_exists: boolean;
  readonly metadata_is_current: boolean;
  readonly metadata: readonly (MetadataRow & { readonly mapping: string })[] | null;
  readonly parked: readonly { readonly mapping: string; readonly count: number }[] | null;
};

/** Settings of the transaction, in which {@link readOwnTables} leaves what it found. */
const FOUND = { metadata: 'hexclave.found_metadata', parked: 'hexclave.found_parked' };

/**
 * Reads our two tables if they are there. In PL/pgSQL, which looks at a statement only when it comes to it: plain SQL would
 * fail where they are not.
 */
function readOwnTables(names: Names, owner: TargetOwner, targets: readonly TargetTable[]): string {
  const missing = [names.metadata, names.parked].map((name) => `pg_catalog.to_regclass(${quoteLiteral(name)}) IS NULL`);
  const keep = (setting: string, rows: string) =>
    `PERFORM pg_catalog.set_config('${setting}', (SELECT COALESCE(pg_catalog.json_agg(r), '[]')::text FROM (${rows}) r), true);`;
  const mappings = ['NULL', ...targets.map(({ mapping }) => quoteLiteral(mapping))].join(', ');
  const metadata = `SELECT m.mapping_name AS mapping, m.external_database_id AS "externalDatabaseId", m.declaration_hash AS hash,
      ${POSITION_COLUMNS} FROM ${names.metadata} m WHERE m.mapping_name IN (${mappings})`;
  const parked = `SELECT p.mapping_name AS mapping, count(*) AS count FROM ${names.parked} p WHERE p.mapping_name IN (${mappings}) GROUP BY 1`;
  const body = `BEGIN
    IF ${missing.join(' OR ')} THEN RETURN; END IF;
    ${refusal(ownedByAnother(names, owner), 'TARGET_OWNED_BY_ANOTHER_PROJECT')}
    ${keep(FOUND.metadata, metadata)}
    ${keep(FOUND.parked, parked)}
  END`;
  return `DO ${quoteLiteral(body)}`;
}

/** A setting that an earlier transaction of the session made reads as an empty string after it. */
function ownSql(names: Names): string {
  const found = (setting: string) => `NULLIF(pg_catalog.current_setting('${setting}', true), '')::json`;
  return `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ${quoteLiteral(names.schema)}::name) AS schema_exists,
    ${hasSourceLsn(names)} AS metadata_is_current,
    ${found(FOUND.metadata)} AS metadata, ${found(FOUND.parked)} AS parked`;
}

type TableRow = {
  readonly comment: string | null;
  /** `null`: there is no such table. */
  readonly columns: readonly (FoundColumn & { readonly name: string })[] | null;
  readonly keyed: boolean;
  readonly declared: readonly (string | null)[];
};

/** One row a target table, in their order, from the catalogue alone: a lock on a table does not keep it from being looked at. */
function tablesSql(names: Names, targets: readonly TargetTable[]): string {
  const list = (values: readonly string[]) => `ARRAY[${values.map(quoteLiteral).join(', ')}]::text[]`;
  const wanted = targets.map(
    ({ name, key, columns }, place) =>
      `(${place}, ${quoteLiteral(name)}::name, ${list(key)}, ${list(columns.map((column) => column.type))})`,
  );
  return `SELECT pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
    CASE WHEN c.oid IS NOT NULL THEN (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
        'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull, 'hasDefault', a.atthasdef OR a.attidentity <> '')), '[]')
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END AS columns,
    EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
      AND i.indnkeyatts = pg_catalog.cardinality(w.key) AND w.key OPERATOR(pg_catalog.@>) ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))) AS keyed,
    ARRAY(SELECT pg_catalog.format_type(pg_catalog.to_regtype(u.type), NULL) FROM pg_catalog.unnest(w.types) WITH ORDINALITY u (type, place)
      ORDER BY u.place) AS declared
  FROM (VALUES ${wanted.join(', ')}) w (place, name, key, types)
  LEFT JOIN pg_catalog.pg_class c ON c.relname = w.name AND c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n
    WHERE n.nspname = ${quoteLiteral(names.schema)}::name)
  ORDER BY w.place`;
}

function toFoundTable(target: TargetTable, row: TableRow | undefined): FoundTable | null {
  if (row?.columns == null) return null;
  return {
    comment: row.comment,
    columns: new Map(row.columns.map((column) => [column.name, column])),
    keyed: row.keyed,
    declaredTypes: new Map(target.columns.map(({ name, type }, place) => [name, row.declared[place] ?? type])),
  };
}
