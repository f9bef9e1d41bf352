import { createEmptyDatabase, waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { type ExternalDatabase, type Project, pathOf } from '../external-db-sync/support/project.ts';
import { connectionOf } from '../sync/harness.ts';
import { addUser, addUsers } from '../sync/rows.ts';
import { type GateProxy, startGateProxy } from './support/gate-proxy.ts';
import { through } from './support/through.ts';

const MANY = 20_000;

let hexclave: Installation;
let gate: GateProxy;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation();
  gate = await startGateProxy(connectionOf(hexclave.connectionString).port);
});

afterAll(async () => {
  await hexclave.close();
  await gate.close();
});

/** A first copy is under way, slowly. */
beforeEach(async () => {
  project = await hexclave.createProject();
  await addUsers(hexclave.db, project.tenancyId, MANY);
  const database = await createEmptyDatabase();
  gate.throttle(400_000);
  external = await project.addExternalDatabase({
    database,
    connectionString: through(gate, database.connectionString),
  });
  await waitUntil(async () => (await copied()) > 0, { timeoutMs: 20_000, describe: 'some rows to be copied' });
  expect(await copied()).toBeLessThan(MANY);
});

async function copied(): Promise<number> {
  const [row] = await external.database.db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM hexclave.users',
  );
  return row?.count ?? 0;
}

const calm = () => gate.throttle(Number.POSITIVE_INFINITY);

describe('F20 the configuration changes in the middle of a copy', () => {
  test('the external database is removed: a clean stop, and nothing arrives any more', async () => {
    await project.configure({ [pathOf('main')]: null });
    await project.settled(30_000);
    calm();
    const left = await copied();
    await addUser(hexclave.db, project.tenancyId);
    await project.settled();
    expect(await copied()).toBe(left);
    expect(left).toBeLessThan(MANY);
    expect(await project.failureOf(external)).toBeUndefined();
  });

  test('it is renamed: the copy goes on under the new name', async () => {
    const connectionString = `${through(gate, external.database.connectionString)}?sslmode=disable`;
    await project.configure({
      [pathOf('main')]: null,
      [pathOf('renamed')]: { type: 'postgres', connectionString },
    });
    const least = await copied();
    calm();
    await project.converged({ ...external, id: 'renamed' }, 40_000);
    expect(await copied()).toBeGreaterThan(least);
  });

  test('it is repointed: everything is in the new place', async () => {
    const elsewhere = await createEmptyDatabase();
    calm();
    await project.configure({
      [`${pathOf('main')}.connectionString`]: `${elsewhere.connectionString}?sslmode=disable`,
    });
    await project.converged({ ...external, database: elsewhere }, 40_000);
  });

  test('the password is changed there, and then here: shown, and the copy goes on', async () => {
    const { db, connectionString } = external.database;
    const role = `role_${new URL(connectionString).pathname.slice(1)}`;
    const asRole = (password: string) => {
      const url = new URL(through(gate, connectionString));
      Object.assign(url, { username: role, password });
      return `${url.href}?sslmode=disable`;
    };
    await db.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'first'; GRANT ALL ON SCHEMA hexclave TO "${role}";
      GRANT ALL ON ALL TABLES IN SCHEMA hexclave TO "${role}"`);
    onTestFinished(async () => {
      await db.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
    });
    await project.configure({ [`${pathOf('main')}.connectionString`]: asRole('first') });
    await db.query(`ALTER ROLE "${role}" PASSWORD 'second'`);
    await db.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hexclave'`,
    );
    await waitUntil(async () => (await project.failureOf(external))?.errorCode === 'TARGET_SIGN_IN_FAILED', {
      timeoutMs: 30_000,
      describe: 'the refusal to be shown',
    });
    calm();
    await project.configure({ [`${pathOf('main')}.connectionString`]: asRole('second') });
    await project.converged(external, 40_000);
  });

  test('the project is deleted: a clean stop, and others go on', async () => {
    await hexclave.db.query('DELETE FROM "Project" WHERE "id" = $1', [project.keys.projectId]);
    calm();
    const other = await hexclave.createProject();
    const healthy = await other.addExternalDatabase();
    await addUser(hexclave.db, other.tenancyId);
    await other.converged(healthy);
    await waitUntil(
      async () =>
        (await hexclave.db.query('SELECT 1 FROM "OutgoingRequest" WHERE "tenancyId" = $1', [project.tenancyId]))
          .length === 0,
      { timeoutMs: 30_000, describe: 'its requests to be gone' },
    );
    expect(await copied()).toBeLessThan(MANY);
  });
});
