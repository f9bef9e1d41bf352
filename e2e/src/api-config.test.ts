import type { ProjectKeys } from '@hexclave/server';
import { createConnectionCipher, createExternalDatabaseStore, reencryptConnections } from '@hexclave/server';
import { hexclaveCatalog } from '@hexclave/sync';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiClient, apiClient, succeed } from './support/api-client.ts';
import { API_SECRET, type ApiServer, startApiServer } from './support/api-server.ts';

const URL = 'postgresql://ada:CANARY@db.example.com/shop';
const DATABASES = 'dbSync.externalDatabases';

let server: ApiServer;
let admin: ApiClient;

beforeAll(async () => {
  server = await startApiServer();
  admin = apiClient(server, 'admin');
});

beforeEach(async () => {
  await succeed(patch({ [DATABASES]: null }));
  await server.testDatabase.db.query('DELETE FROM "OutgoingRequest"');
});

function patch(override: unknown, client = admin) {
  return client.patch('/internal/config/override/environment', { config_override_string: JSON.stringify(override) });
}

async function config(path = '/internal/config', client = admin) {
  return JSON.parse((await succeed(client.get(path))).config_string).dbSync.externalDatabases;
}

type Row = { id: string; schemaName: string; deleteMode: string; paused: boolean; tables: unknown; generation: bigint };

async function rows(): Promise<Row[]> {
  return await server.testDatabase.db.query<Row>(
    `SELECT "id", "schemaName", "deleteMode", "paused", "tables", "generation" FROM "ExternalDatabase" ORDER BY "id"`,
  );
}

/** Of the only one. */
async function generation(): Promise<bigint> {
  const [row] = await rows();
  if (row === undefined) throw new Error('there is no external database');
  return row.generation;
}

async function tenancyId(projectId = server.keys.demo.projectId): Promise<string> {
  const found = await server.testDatabase.db.query<{ id: string }>(
    'SELECT "id" FROM "Tenancy" WHERE "projectId" = $1',
    [projectId],
  );
  return found[0]?.id ?? '';
}

describe('external databases', () => {
  it('are set whole, shown without their secret, and synced at once', async () => {
    await succeed(patch({ [DATABASES]: { main: { type: 'postgres', connectionString: URL } } }));
    expect(await config()).toEqual({
      main: {
        type: 'postgres',
        schema: 'hexclave',
        tables: {},
        deleteMode: 'hard',
        paused: false,
        connection: { host: 'db.example.com', port: 5432, database: 'shop', user: 'ada' },
      },
    });
    expect(await rows()).toEqual([
      {
        id: 'main',
        schemaName: 'hexclave',
        deleteMode: 'hard',
        paused: false,
        tables: {},
        generation: expect.any(BigInt),
      },
    ]);
    const queued = await server.testDatabase.db.query('SELECT "kind", "tenancyId" FROM "OutgoingRequest"');
    expect(queued).toEqual([{ kind: 'sync', tenancyId: await tenancyId() }]);
  });

  it('are set by dotted path, as deep as wanted, keeping what is not named', async () => {
    await succeed(patch({ [`${DATABASES}.main`]: { type: 'postgres', connectionString: URL } }));
    const first = await generation();
    await succeed(
      patch({
        [`${DATABASES}.main.paused`]: true,
        [`${DATABASES}.main.tables.users.omitColumns`]: ['server_metadata'],
        [`${DATABASES}.main.tables.teams`]: { enabled: false },
        [`${DATABASES}.main.deleteMode`]: 'soft',
      }),
    );
    expect(await config()).toMatchObject({
      main: {
        paused: true,
        deleteMode: 'soft',
        tables: { users: { enabled: true, omitColumns: ['server_metadata'] }, teams: { enabled: false } },
        connection: { host: 'db.example.com' },
      },
    });
    await succeed(patch({ [`${DATABASES}.main.tables`]: null, [`${DATABASES}.main.paused`]: null }));
    expect(await config('/internal/config/override/environment')).toEqual({
      main: { type: 'postgres', deleteMode: 'soft' },
    });
    expect((await rows())[0]).toMatchObject({ tables: {}, paused: false, generation: first + 2n });
  });

  it('sent back as they were read change nothing, not even the generation', async () => {
    await succeed(patch({ [DATABASES]: { main: { type: 'postgres', connectionString: URL, schema: 'crm' } } }));
    const before = await rows();
    const { config_string } = await succeed(admin.get('/internal/config/override/environment'));
    await succeed(admin.patch('/internal/config/override/environment', { config_override_string: config_string }));
    await succeed(patch({ [`${DATABASES}.main.connectionString`]: URL }));
    expect(await rows()).toEqual(before);
  });

  it('repointed are a new generation', async () => {
    await succeed(patch({ [DATABASES]: { main: { type: 'postgres', connectionString: URL } } }));
    const first = await generation();
    await succeed(patch({ [`${DATABASES}.main.connectionString`]: URL.replace('CANARY', 'CANARY2') }));
    expect(await generation()).toBe(first + 1n);
  });

  it('removed and set anew are a generation that was never there: no session of the old one is taken for it', async () => {
    await succeed(patch({ [DATABASES]: { main: { type: 'postgres', connectionString: URL } } }));
    const first = await generation();
    await succeed(patch({ [DATABASES]: {} }));
    await succeed(patch({ [DATABASES]: { main: { type: 'postgres', connectionString: URL } } }));
    expect(await generation()).toBeGreaterThan(first);
  });

  it('are removed with null, or by a whole without them; their name is free again', async () => {
    const both = {
      one: { type: 'postgres', connectionString: URL },
      two: { type: 'postgres', connectionString: URL, schema: 's' },
    };
    await succeed(patch({ [DATABASES]: both }));
    await succeed(patch({ [`${DATABASES}.one`]: null }));
    expect((await rows()).map(({ id }) => id)).toEqual(['two']);
    await succeed(patch({ [DATABASES]: { one: both.one } }));
    expect((await rows()).map(({ id }) => id)).toEqual(['one']);
    await succeed(patch({ dbSync: { externalDatabases: {} } }));
    expect(await rows()).toEqual([]);
    expect(await config()).toEqual({});
  });

  it('belong to one project', async () => {
    await succeed(patch({ [DATABASES]: { main: { type: 'postgres', connectionString: URL } } }));
    const internal = apiClient(server, 'admin', server.keys.internal);
    expect(await config('/internal/config', internal)).toEqual({});
    await succeed(patch({ [DATABASES]: { main: { type: 'postgres', connectionString: URL } } }, internal));
    await succeed(patch({ [DATABASES]: null }, internal));
    expect(Object.keys(await config())).toEqual(['main']);
  });
});

describe('a change of the configuration that is refused changes nothing', () => {
  const database = { type: 'postgres', connectionString: URL };

  it.each([
    ['text that is not JSON', '{', 'config_override_string'],
    ['an array', '[]', 'config_override_string'],
    ['null', 'null', 'config_override_string'],
    ['two equal keys', '{"a":1,"a":2}', 'config_override_string'],
    ['__proto__', '{"__proto__":{}}', 'config_override_string'],
    ['a dotted __proto__', '{"dbSync.__proto__.x":1}', 'dbSync.__proto__.x'],
    ['an unknown option', '{"auth.allowSignUp":true}', 'auth'],
    ['a path through a text', `{"${DATABASES}.kept.type.x":1}`, `${DATABASES}.kept.type.x`],
    ['an unknown option of a database', `{"${DATABASES}.kept.colour":"red"}`, `${DATABASES}.kept.colour`],
    [
      'a new database without a connection',
      `{"${DATABASES}.fresh":{"type":"postgres"}}`,
      `${DATABASES}.fresh.connectionString`,
    ],
    ['a deep path of a database that is not there', `{"${DATABASES}.fresh.paused":true}`, `${DATABASES}.fresh.type`],
    ['an unknown mapping', `{"${DATABASES}.kept.tables.nobody":{}}`, `${DATABASES}.kept.tables.nobody`],
    [
      'an unknown column',
      `{"${DATABASES}.kept.tables.users.omitColumns":["x"]}`,
      `${DATABASES}.kept.tables.users.omitColumns`,
    ],
    ['the shown connection', `{"${DATABASES}.kept.connection":{"host":"x"}}`, `${DATABASES}.kept.connection`],
    ['the same target twice', JSON.stringify({ [`${DATABASES}.twin`]: database }), `${DATABASES}.twin`],
    [
      'a bad connection string',
      JSON.stringify({ [`${DATABASES}.x`]: { ...database, connectionString: `${URL}?host=y` } }),
      `${DATABASES}.x.connectionString`,
    ],
    [
      'a good change beside a bad one',
      JSON.stringify({ [`${DATABASES}.kept.paused`]: true, [`${DATABASES}.kept.schema`]: '' }),
      `${DATABASES}.kept.schema`,
    ],
  ])('%s', async (_name, override, path) => {
    await succeed(patch({ [`${DATABASES}.kept`]: database }));
    const before = [await rows(), await config()];
    const answer = await admin.patch('/internal/config/override/environment', { config_override_string: override });
    expect(answer).toMatchObject({ status: 400, body: { code: 'CONFIG_INVALID' } });
    expect(answer.body.details.issues.map((issue: { path: string }) => issue.path)).toContain(path);
    expect(JSON.stringify(answer.body)).not.toContain('CANARY');
    expect([await rows(), await config()]).toEqual(before);
  });

  it('and needs the admin key', async () => {
    expect(await patch({}, apiClient(server, 'server'))).toMatchObject({ status: 401 });
  });
});

describe('connection strings', () => {
  const cipher = createConnectionCipher(API_SECRET);
  const store = createExternalDatabaseStore(cipher);

  async function connectionOf(id: string, keys: ProjectKeys = server.keys.demo) {
    return await store.readConnection(server.testDatabase.db, { tenancyId: await tenancyId(keys.projectId), id });
  }

  beforeEach(async () => {
    await succeed(patch({ [DATABASES]: { main: { type: 'postgres', connectionString: URL } } }));
  });

  it('are read back by the engine', async () => {
    expect(await connectionOf('main')).toMatchObject({ host: 'db.example.com', user: 'ada', password: 'CANARY' });
    expect(await connectionOf('nothing')).toBeUndefined();
  });

  it('are nowhere in a dump of the database, in answers or in the log', async () => {
    const { db } = server.testDatabase;
    const tables = await db.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    for (const { name } of tables) {
      const dump = JSON.stringify(await db.query(`SELECT t::text FROM ${name} t`));
      expect(dump).not.toContain('CANARY');
      expect(dump).not.toContain(Buffer.from('CANARY').toString('hex'));
    }
    expect(JSON.stringify([await config(), await config('/internal/config/override/environment')])).not.toContain(
      'CANARY',
    );
    expect(server.logs()).not.toContain('CANARY');
  });

  it('cannot be read in another row, when changed, or with another secret', async () => {
    const { db } = server.testDatabase;
    await succeed(patch({ [`${DATABASES}.other`]: { type: 'postgres', connectionString: URL, schema: 'other' } }));
    await db.query(
      `UPDATE "ExternalDatabase" SET "connectionCiphertext" =
         (SELECT "connectionCiphertext" FROM "ExternalDatabase" WHERE "id" = 'main') WHERE "id" = 'other'`,
    );
    await expect(connectionOf('other')).rejects.toMatchObject({ code: 'EXTERNAL_DATABASE_SECRET_UNREADABLE' });
    const key = { tenancyId: await tenancyId(), id: 'main' };
    const stranger = createExternalDatabaseStore(createConnectionCipher('another secret'));
    await expect(stranger.readConnection(db, key)).rejects.toMatchObject({
      code: 'EXTERNAL_DATABASE_SECRET_UNREADABLE',
    });
    await db.query(
      `UPDATE "ExternalDatabase" SET "connectionCiphertext" = set_byte("connectionCiphertext", 40,
         get_byte("connectionCiphertext", 40) # 1) WHERE "id" = 'main'`,
    );
    await expect(connectionOf('main')).rejects.toMatchObject({ code: 'EXTERNAL_DATABASE_SECRET_UNREADABLE' });
    // Setting it anew is the way out.
    await succeed(patch({ [`${DATABASES}.main.connectionString`]: URL }));
    expect(await connectionOf('main')).toMatchObject({ password: 'CANARY' });
  });

  it('survive a change of the secret', async () => {
    const { db } = server.testDatabase;
    const key = { tenancyId: await tenancyId(), id: 'main' };
    const rotated = createConnectionCipher('a new secret', [API_SECRET]);
    expect(await createExternalDatabaseStore(rotated).readConnection(db, key)).toMatchObject({ password: 'CANARY' });
    const before = await rows();
    expect(await reencryptConnections(db, rotated)).toEqual({ renewed: 1, unreadable: 0 });
    expect(await reencryptConnections(db, rotated)).toEqual({ renewed: 0, unreadable: 0 });
    expect(await rows()).toEqual(before);
    const onlyNew = createExternalDatabaseStore(createConnectionCipher('a new secret'));
    expect(await onlyNew.readConnection(db, key)).toMatchObject({ password: 'CANARY' });
  });
});

describe('the tables that can be copied', () => {
  it('are listed with their columns, as the configuration knows them', async () => {
    const { items } = await succeed(admin.get('/internal/external-db-sync/mappings'));
    expect(items.map(({ name }: { name: string }) => name)).toEqual(hexclaveCatalog.mappings.map(({ name }) => name));
    const [users] = items;
    expect(users.description).toMatch(/^A row for each user/);
    expect(users.columns).toContainEqual({ name: 'id', type: 'uuid', is_key: true, is_nullable: false });
    expect(users.columns).toContainEqual({ name: 'primary_email', type: 'text', is_key: false, is_nullable: true });
    const omit = (name: string) =>
      patch({
        [`${DATABASES}.main`]: { type: 'postgres', connectionString: URL, tables: { users: { omitColumns: [name] } } },
      });
    for (const { name, is_key } of users.columns) expect((await omit(name)).status).toBe(is_key ? 400 : 200);
  });
});

describe('many changes of the configuration at once', () => {
  it('all take effect', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `db-${index}`);
    const answers = await Promise.all(
      ids.map((id) => patch({ [`${DATABASES}.${id}`]: { type: 'postgres', connectionString: URL, schema: id } })),
    );
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    expect(Object.keys(await config()).sort()).toEqual([...ids].sort());
    expect((await rows()).map(({ id }) => id)).toEqual([...ids].sort());
  });
});
