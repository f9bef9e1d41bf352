import type { Queryable } from '@hexclave/db';

/** One thing that happened inside a target, as its triggers noted it. */
export type HistoryRow = {
  readonly id: bigint;
  /** The transaction that it belongs to. */
  readonly xid: string;
  /** In ms since 1970, by the target's clock. */
  readonly at: number;
  readonly what:
    | 'insert'
    | 'update'
    | 'delete'
    /** A row that stays, and whose `deleted_at` is set. */
    | 'mark'
    /** A marked row was written and stays marked: where deletions are hard, nobody looks at the mark. */
    | 'write marked'
    /** A marked row went for good. */
    | 'purge'
    | 'truncate'
    | 'created'
    | 'move'
    | 'parked'
    | 'unparked';
  /** A target table; for moves and parked rows the mapping. */
  readonly subject: string;
  readonly key: string | null;
  readonly version: bigint | null;
  readonly old: bigint | null;
  /** Of moves: epoch, cursor, whether copying, hash of the table's declaration. Of users: a part of the pair, and which channel the address is of. */
  readonly detail: Readonly<Record<string, unknown>> | null;
  readonly tag: string | null;
};

/** `%r` stands for the row. */
const KEYS = {
  users: {
    key: '%r.id::text',
    version: `(%r.client_read_only_metadata ->> 'v')::bigint`,
    tag: `%r.client_read_only_metadata ->> 't'`,
  },
  contact_channels: {
    key: '%r.id::text',
    version: `split_part(%r.value, '|', 1)::bigint`,
    tag: `split_part(%r.value, '|', 2)`,
  },
  teams: {
    key: '%r.id::text',
    version: `(%r.client_read_only_metadata ->> 'v')::bigint`,
    tag: `%r.client_read_only_metadata ->> 't'`,
  },
  team_member_profiles: {
    key: `%r.team_id::text || '/' || %r.user_id::text`,
    version: `split_part(%r.display_name, '|', 1)::bigint`,
    tag: `split_part(%r.display_name, '|', 2)`,
  },
} as const;

type Table = keyof typeof KEYS;
export const TARGET_TABLES = Object.keys(KEYS) as readonly Table[];

const TABLES = `
  CREATE SCHEMA chaos;
  CREATE TABLE chaos.history (id bigserial PRIMARY KEY, xid text NOT NULL DEFAULT pg_current_xact_id()::text,
    at timestamptz NOT NULL DEFAULT clock_timestamp(), what text NOT NULL, subject text NOT NULL, key text, version bigint, old bigint,
    detail jsonb, tag text);`;

function functionSql(name: string, body: string): string {
  return `CREATE FUNCTION chaos.${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
    BEGIN ${body} RETURN NULL; END $$;`;
}

/** `deleted_at` may not exist, so it is read from the row as JSON. */
function noteSql(table: Table): string {
  const { key, version, tag } = KEYS[table];
  const of = (sql: string, row: 'NEW' | 'OLD') => sql.replaceAll('%r', row);
  const isMarked = (row: 'NEW' | 'OLD') => `(to_jsonb(${row}) ->> 'deleted_at') IS NOT NULL`;
  const detail = table === 'users' ? `jsonb_build_object('amount', NEW.client_metadata -> 'amount')` : 'NULL';
  const note = (what: string, row: 'NEW' | 'OLD', old = 'NULL') =>
    `INSERT INTO chaos.history (what, subject, key, version, old, detail, tag)
     VALUES (${what}, '${table}', ${of(key, row)}, ${of(version, row)}, ${old}, ${row === 'NEW' ? detail : 'NULL'}, ${of(tag, row)});`;
  const oldVersion = of(version, 'OLD');
  return functionSql(
    `note_${table}`,
    `IF TG_OP = 'DELETE' THEN
       ${note(`CASE WHEN ${isMarked('OLD')} THEN 'purge' ELSE 'delete' END`, 'OLD')}
     ELSIF TG_OP = 'INSERT' THEN
       ${note(`'insert'`, 'NEW')}
     ELSIF ${isMarked('NEW')} THEN
       ${note(`CASE WHEN ${isMarked('OLD')} THEN 'write marked' ELSE 'mark' END`, 'NEW', oldVersion)}
     ELSE
       ${note(`CASE WHEN ${isMarked('OLD')} THEN 'insert' ELSE 'update' END`, 'NEW', oldVersion)}
     END IF;`,
  );
}

const NOTE_TRUNCATE = functionSql(
  'note_truncate',
  `INSERT INTO chaos.history (what, subject) VALUES ('truncate', TG_TABLE_NAME);`,
);

const NOTE_MOVE = functionSql(
  'note_move',
  `INSERT INTO chaos.history (what, subject, detail) VALUES ('move', COALESCE(NEW.mapping_name, OLD.mapping_name),
     CASE WHEN TG_OP = 'DELETE' OR NEW.epoch IS NULL THEN NULL
     ELSE jsonb_build_object('epoch', NEW.epoch, 'cursor', NEW.last_synced_sequence_id::text, 'copying', NEW.copy_progress IS NOT NULL,
       'hash', NEW.declaration_hash) END);`,
);

const PARKED_KEY = (row: 'NEW' | 'OLD') =>
  `(SELECT string_agg(k.v, '/' ORDER BY k.n) FROM jsonb_array_elements_text(${row}.key) WITH ORDINALITY k (v, n))`;

/** What is told of a row that was refused is kept, to be searched for what it must not tell. */
const NOTE_PARKED = functionSql(
  'note_parked',
  `IF TG_OP = 'DELETE' THEN
     INSERT INTO chaos.history (what, subject, key) VALUES ('unparked', OLD.mapping_name, ${PARKED_KEY('OLD')});
   ELSE
     INSERT INTO chaos.history (what, subject, key, detail)
     VALUES ('parked', NEW.mapping_name, ${PARKED_KEY('NEW')}, jsonb_build_object('shown', to_jsonb(NEW)));
   END IF;`,
);

/** Tables come and go; each is watched from the statement on that creates it. */
const WATCH = `
  CREATE FUNCTION chaos.watch() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
  DECLARE
    created record;
    note text;
  BEGIN
    FOR created IN SELECT c.oid, c.relname FROM pg_event_trigger_ddl_commands() e JOIN pg_class c ON c.oid = e.objid
      WHERE e.classid = 'pg_class'::regclass AND e.schema_name = 'hexclave' AND c.relkind = 'r'
        AND c.relname = ANY ('{${[...TARGET_TABLES, '_hexclave_sync_metadata', '_hexclave_parked_rows'].join(',')}}') LOOP
      note := CASE created.relname WHEN '_hexclave_sync_metadata' THEN 'note_move' WHEN '_hexclave_parked_rows' THEN 'note_parked'
        ELSE 'note_' || created.relname END;
      EXECUTE format('CREATE TRIGGER chaos_note AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION chaos.%I()', created.oid::regclass, note);
      IF created.relname NOT LIKE '\\_hexclave%' THEN
        EXECUTE format('CREATE TRIGGER chaos_note_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_truncate()', created.oid::regclass);
        INSERT INTO chaos.history (what, subject) VALUES ('created', created.relname);
      END IF;
    END LOOP;
  END $$;
  CREATE EVENT TRIGGER chaos_watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION chaos.watch();`;

/** Once for each target, before an engine has seen it. */
export async function installHistory(db: Queryable): Promise<void> {
  for (const statement of [TABLES, ...TARGET_TABLES.map(noteSql), NOTE_TRUNCATE, NOTE_MOVE, NOTE_PARKED, WATCH]) {
    await db.query(statement);
  }
}

export function readHistory(db: Queryable): Promise<HistoryRow[]> {
  return db.query<HistoryRow>(
    `SELECT id, xid, extract(epoch FROM at)::float8 * 1000 AS at, what, subject, key, version, old, detail, tag FROM chaos.history ORDER BY id`,
  );
}
