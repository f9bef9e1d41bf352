import type { Queryable } from '@hexclave/db';
import { RESOLUTION_MS, realTimeSql } from './real-time.ts';

/**
 * What is kept inside the internal database: which numbers were handed out for which versions, which rows were removed,
 * and every failure that the status has ever shown. Written in the transactions themselves, so it is restored with them.
 */
const VERSIONS: Readonly<Record<string, { readonly key: string; readonly version: string }>> = {
  ProjectUser: { key: `%r."projectUserId"::text`, version: `(%r."clientReadOnlyMetadata" ->> 'v')::bigint` },
  ContactChannel: { key: `%r."id"::text`, version: `split_part(%r."value", '|', 1)::bigint` },
  Team: { key: `%r."teamId"::text`, version: `(%r."clientReadOnlyMetadata" ->> 'v')::bigint` },
  TeamMember: {
    key: `%r."teamId"::text || '/' || %r."projectUserId"::text`,
    version: `split_part(%r."displayName", '|', 1)::bigint`,
  },
};

/** Failures that are shown at once must not seem to be older than their cause. */
const TABLES = `
  CREATE SEQUENCE chaos.version;
  CREATE TABLE chaos.numbered (number bigint, epoch uuid, source text, tenancy uuid, key text, version bigint, gone boolean, deleted_in text,
    at timestamptz NOT NULL DEFAULT chaos.real_time());
  CREATE TABLE chaos.removed (source text, tenancy uuid, key text, version bigint, deleted_in text);
  CREATE TABLE chaos.tombstone (id bigint PRIMARY KEY, deleted_in text);
  CREATE TABLE chaos.surfaced (at timestamptz NOT NULL DEFAULT chaos.real_time() + interval '${RESOLUTION_MS} ms', tenancy uuid, external_database text, mapping text, code text, sql_state text);`;

const EPOCH = '(SELECT e."id" FROM "SequenceEpoch" e ORDER BY e."ordinal" DESC LIMIT 1)';

function functionSql(name: string, body: string): string {
  return `CREATE FUNCTION chaos.${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NULL; END $$;`;
}

function triggersOf(table: string): string {
  const { key, version } = VERSIONS[table] ?? { key: '', version: '' };
  const of = (sql: string, row: string) => sql.replaceAll('%r', row);
  const remove = (row: string, from: string) =>
    `INSERT INTO chaos.removed SELECT '${table}', ${row}."tenancyId", ${of(key, row)}, ${of(version, row)}, pg_current_xact_id()::text${from};`;
  return `
    ${functionSql(
      `numbered_${table}`,
      `INSERT INTO chaos.numbered VALUES (NEW."sequenceId", ${EPOCH}, '${table}', NEW."tenancyId", ${of(key, 'NEW')}, ${of(version, 'NEW')}, false, NULL);`,
    )}
    CREATE TRIGGER chaos_numbered AFTER UPDATE OF "sequenceId" ON "${table}" FOR EACH ROW EXECUTE FUNCTION chaos.numbered_${table}();
    ${functionSql(`removed_${table}`, remove('OLD', ''))}
    CREATE TRIGGER chaos_removed AFTER DELETE ON "${table}" FOR EACH ROW EXECUTE FUNCTION chaos.removed_${table}();
    CREATE TRIGGER chaos_renamed AFTER UPDATE ON "${table}" FOR EACH ROW
      WHEN ((OLD."tenancyId", ${of(key, 'OLD')}) IS DISTINCT FROM (NEW."tenancyId", ${of(key, 'NEW')})) EXECUTE FUNCTION chaos.removed_${table}();
    ${functionSql(`truncated_${table}`, remove('t', ` FROM "${table}" t`))}
    CREATE TRIGGER chaos_truncated BEFORE TRUNCATE ON "${table}" FOR EACH STATEMENT EXECUTE FUNCTION chaos.truncated_${table}();`;
}

const TOMBSTONES = `
  ${functionSql('tombstone', `INSERT INTO chaos.tombstone VALUES (NEW."id", pg_current_xact_id()::text);`)}
  CREATE TRIGGER chaos_tombstone AFTER INSERT ON "DeletedRow" FOR EACH ROW EXECUTE FUNCTION chaos.tombstone();
  ${functionSql(
    'numbered_tombstone',
    `INSERT INTO chaos.numbered SELECT NEW."sequenceId", ${EPOCH}, NEW."tableName", NEW."tenancyId",
      COALESCE(NEW."primaryKey" ->> 'id', concat_ws('/', NEW."primaryKey" ->> 'teamId', NEW."primaryKey" ->> 'projectUserId')), NULL, true,
      (SELECT t.deleted_in FROM chaos.tombstone t WHERE t.id = NEW."id");`,
  )}
  CREATE TRIGGER chaos_numbered AFTER UPDATE OF "sequenceId" ON "DeletedRow" FOR EACH ROW EXECUTE FUNCTION chaos.numbered_tombstone();`;

function surfacing(table: string, mapping: string): string {
  return `
    ${functionSql(
      `surfaced_${table}`,
      `INSERT INTO chaos.surfaced (tenancy, external_database, mapping, code, sql_state)
       VALUES (NEW."tenancyId", NEW."externalDatabaseId", ${mapping}, NEW."errorCode", NEW."errorSqlState");`,
    )}
    CREATE TRIGGER chaos_surfaced AFTER INSERT OR UPDATE ON "${table}" FOR EACH ROW WHEN (NEW."errorCode" IS NOT NULL)
      EXECUTE FUNCTION chaos.surfaced_${table}();`;
}

const PARKED = `
  ${functionSql(
    'surfaced_parked',
    `INSERT INTO chaos.surfaced (tenancy, external_database, mapping, code)
     VALUES (NEW."tenancyId", NEW."externalDatabaseId", NEW."mapping", 'PARKED');`,
  )}
  CREATE TRIGGER chaos_surfaced_parked AFTER INSERT OR UPDATE ON "ExternalDatabaseMappingState" FOR EACH ROW WHEN (NEW."parkedRows" > 0)
    EXECUTE FUNCTION chaos.surfaced_parked();`;

/** Once for each internal database, before anything is written. */
export async function installSourceLog(db: Queryable): Promise<void> {
  const statements = [
    'CREATE SCHEMA chaos',
    realTimeSql(),
    TABLES,
    ...Object.keys(VERSIONS).map(triggersOf),
    TOMBSTONES,
    surfacing('ExternalDatabaseState', 'NULL'),
    surfacing('ExternalDatabaseMappingState', 'NEW."mapping"'),
    PARKED,
  ];
  for (const statement of statements) await db.query(statement);
}
