import pg from 'pg';
import { expect, test } from 'vitest';
import { createEmptyDatabase, createTestDatabase, startExtraCluster, waitUntil } from './index.ts';

test('a test database has all migrations and is gone after drop', async () => {
  const database = await createTestDatabase();
  const [row] = await database.db.query<{ count: bigint }>('SELECT count(*) FROM "SchemaMigration"');
  expect(row?.count).toBeGreaterThan(0n);
  await database.drop();
  await expect(pgQuery(database.connectionString)).rejects.toMatchObject({ code: '3D000' });
});

test('what one test database is told, another does not know', async () => {
  const [one, other] = await Promise.all([createEmptyDatabase(), createEmptyDatabase()]);
  await one.db.query('CREATE TABLE here ()');
  expect(await other.db.query(`SELECT to_regclass('here') AS found`)).toEqual([{ found: null }]);
});

test('a connection left open is named', async () => {
  const database = await createEmptyDatabase();
  const client = new pg.Client({ connectionString: database.connectionString, application_name: 'forgotten' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('SELECT 42');
  await expect(database.drop()).rejects.toThrow(/forgotten.*SELECT 42/);
});

test('an extra cluster can be killed and started again with its data', async () => {
  const cluster = await startExtraCluster();
  await pgQuery(cluster.connectionString(), 'CREATE TABLE kept AS SELECT 1');
  cluster.kill('SIGKILL');
  await waitUntil(() => !cluster.isRunning(), { describe: 'the server to end' });
  await expect(pgQuery(cluster.connectionString())).rejects.toThrow();
  await cluster.restart();
  expect(await pgQuery(cluster.connectionString(), 'TABLE kept')).toHaveLength(1);
});

test('waiting in vain fails with what was waited for and the last error', async () => {
  const never = waitUntil(() => Promise.reject(new Error('not there')), { timeoutMs: 30, describe: 'a miracle' });
  await expect(never).rejects.toThrow(/30 ms for a miracle.*not there/);
});

async function pgQuery(connectionString: string, text = 'SELECT 1'): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
