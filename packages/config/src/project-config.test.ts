import { describe, expect, it } from 'vitest';
import { parseProjectConfig } from './project-config.ts';

const MAPPINGS = {
  users: { columns: ['id', 'display_name', 'primary_email'], keyColumns: ['id'] },
  teams: { columns: ['id', 'display_name'], keyColumns: ['id'] },
};
const URL = 'postgres://ada:CANARY@db/shop';

function parseOne(database: unknown, id = 'main') {
  return parseProjectConfig({ dbSync: { externalDatabases: { [id]: database } } }, MAPPINGS);
}

function issuesOf(database: unknown, id?: string) {
  const result = parseOne(database, id);
  return result.ok ? [] : result.issues;
}

describe('the configuration of an external database', () => {
  it('is completed with the defaults', () => {
    const result = parseOne({ type: 'postgres', connectionString: URL });
    expect(result.ok && result.config.dbSync.externalDatabases.main).toMatchObject({
      type: 'postgres',
      connection: { host: 'db', user: 'ada', password: 'CANARY' },
      schema: 'hexclave',
      tables: {},
      deleteMode: 'hard',
      paused: false,
    });
  });

  it('may be empty', () => {
    expect(parseProjectConfig({}, MAPPINGS)).toEqual({ ok: true, config: { dbSync: { externalDatabases: {} } } });
  });

  it('takes target names and columns to leave out', () => {
    const tables = { users: { targetName: 'people', omitColumns: ['primary_email'] }, teams: { enabled: false } };
    expect(issuesOf({ type: 'postgres', connectionString: URL, schema: 'Größe "x"', tables })).toEqual([]);
  });

  it.each([
    [{}, 'dbSync.externalDatabases.main.type'],
    [{ type: 'mysql' }, 'dbSync.externalDatabases.main.type'],
    [{ type: 'postgres', connectionString: 5 }, 'dbSync.externalDatabases.main.connectionString'],
    [{ type: 'postgres', connectionString: `${URL}?host=evil` }, 'dbSync.externalDatabases.main.connectionString'],
    [{ type: 'postgres', connection: { host: 'x' } }, 'dbSync.externalDatabases.main.connection'],
    [{ type: 'postgres', unknown: 1 }, 'dbSync.externalDatabases.main.unknown'],
    [{ type: 'postgres', schema: '' }, 'dbSync.externalDatabases.main.schema'],
    [{ type: 'postgres', schema: 'x'.repeat(64) }, 'dbSync.externalDatabases.main.schema'],
    [{ type: 'postgres', schema: 'ü'.repeat(32) }, 'dbSync.externalDatabases.main.schema'],
    [{ type: 'postgres', schema: 'a\u0000b' }, 'dbSync.externalDatabases.main.schema'],
    [{ type: 'postgres', schema: 'a\ud800' }, 'dbSync.externalDatabases.main.schema'],
    [{ type: 'postgres', schema: 'pg_catalog' }, 'dbSync.externalDatabases.main.schema'],
    [{ type: 'postgres', schema: 'Information_Schema' }, 'dbSync.externalDatabases.main.schema'],
    [{ type: 'postgres', deleteMode: 'maybe' }, 'dbSync.externalDatabases.main.deleteMode'],
    [{ type: 'postgres', paused: 'yes' }, 'dbSync.externalDatabases.main.paused'],
    [{ type: 'postgres', tables: [] }, 'dbSync.externalDatabases.main.tables'],
    [{ type: 'postgres', tables: { nobody: {} } }, 'dbSync.externalDatabases.main.tables.nobody'],
    [{ type: 'postgres', tables: { toString: {} } }, 'dbSync.externalDatabases.main.tables.toString'],
    [
      { type: 'postgres', tables: { users: { omitColumns: ['id'] } } },
      'dbSync.externalDatabases.main.tables.users.omitColumns',
    ],
    [
      { type: 'postgres', tables: { users: { omitColumns: ['x'] } } },
      'dbSync.externalDatabases.main.tables.users.omitColumns',
    ],
    [
      { type: 'postgres', tables: { users: { targetName: '_hexclave_sync_metadata' } } },
      'dbSync.externalDatabases.main.tables.users.targetName',
    ],
    [{ type: 'postgres', tables: { users: { targetName: 'teams' } } }, 'dbSync.externalDatabases.main.tables.teams'],
  ])('refuses %j', (database, path) => {
    expect(issuesOf(database).map((issue) => issue.path)).toContain(path);
  });

  it.each(['', 'Main', '-main', 'ma in', 'a'.repeat(64), 'hasOwnProperty', 'ä'])('refuses the id %j', (id) => {
    expect(issuesOf({ type: 'postgres', connectionString: URL }, id)).toHaveLength(1);
  });

  it('names options that do not exist, at any level', () => {
    const result = parseProjectConfig({ auth: {}, dbSync: { other: 1 } }, MAPPINGS);
    expect(result.ok ? [] : result.issues).toEqual([
      { path: 'dbSync.other', message: 'is not an option' },
      { path: 'auth', message: 'is not an option' },
    ]);
  });

  it('never repeats a connection string', () => {
    expect(JSON.stringify(issuesOf({ type: 'postgres', connectionString: `${URL}?x=1`, schema: '' }))).not.toContain(
      'CANARY',
    );
  });
});
