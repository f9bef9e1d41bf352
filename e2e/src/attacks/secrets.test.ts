import { randomBytes } from 'node:crypto';
import { enqueueRequest } from '@hexclave/sync';
import { createEmptyDatabase, waitUntil } from '@hexclave/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { type ExternalDatabase, type Project, pathOf } from '../external-db-sync/support/project.ts';
import { headersFor } from '../support/api-client.ts';
import { addUser, rename } from '../sync/rows.ts';

let hexclave: Installation;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 0 });
});

afterAll(() => hexclave.close());

afterEach(async () => {
  for (const server of [...hexclave.servers]) await hexclave.stop(server);
});

describe('A15 a dump of the internal database is stolen', () => {
  const secret = () => randomBytes(32).toString('base64url');
  const [first, second, third] = [secret(), secret(), secret()];
  let project: Project;
  let external: ExternalDatabase;

  const startWith = (serverSecret: string, ...previous: string[]) =>
    hexclave.startServer({
      environment: {
        HEXCLAVE_SERVER_SECRET: serverSecret,
        HEXCLAVE_PREVIOUS_SERVER_SECRETS: previous.join(', '),
        HEXCLAVE_LOG_LEVEL: 'info',
      },
    });

  async function keyIds(): Promise<string[]> {
    const rows = await hexclave.db.query<{ id: string }>(
      'SELECT DISTINCT "connectionKeyId" AS id FROM "ExternalDatabase"',
    );
    return rows.map(({ id }) => id);
  }

  async function changesArrive(): Promise<void> {
    await addUser(hexclave.db, project.tenancyId);
    await project.converged(external);
  }

  test('it has neither connection strings nor keys, and moving a ciphertext to another row gives nothing away', async () => {
    await startWith(first);
    project = await hexclave.createProject();
    external = await project.addExternalDatabase();
    await changesArrive();
    const { password } = new URL(external.database.connectionString);
    const dump = await dumpOf(hexclave);
    for (const text of [password, ...hexclave.secrets, ...keysOf(project)]) expect(dump.includes(text)).toBe(false);
    for (const text of [password, ...keysOf(project)])
      expect(dump.includes(Buffer.from(text).toString('hex'))).toBe(false);

    const thief = await hexclave.createProject();
    const theirs = await thief.addExternalDatabase();
    await thief.converged(theirs);
    await hexclave.db.query(
      `UPDATE "ExternalDatabase" t SET ("connectionCiphertext", "connectionKeyId", "generation") =
         (SELECT v."connectionCiphertext", v."connectionKeyId", t."generation" + 1 FROM "ExternalDatabase" v WHERE v."tenancyId" = $1)
       WHERE t."tenancyId" = $2`,
      [project.tenancyId, thief.tenancyId],
    );
    await addUser(hexclave.db, thief.tenancyId);
    expect(await thief.failed(theirs)).toMatchObject({ errorCode: 'TARGET_CONNECTION_UNREADABLE' });
    await hexclave.db.query('DELETE FROM "ExternalDatabase" WHERE "tenancyId" = $1', [thief.tenancyId]);
  });

  test('the secret is replaced: at the start everything is encrypted anew, and the old one can be forgotten', async () => {
    const [before] = await keyIds();
    const rotating = await startWith(second, first);
    expect(rotating.output()).toContain('encrypted anew');
    const after = await keyIds();
    expect(after).toHaveLength(1);
    expect(after).not.toContain(before);
    await changesArrive();
    await hexclave.stop(rotating);
    await startWith(second);
    await changesArrive();
    expect(await project.failureOf(external)).toMatchObject({ errorCode: null });
  });

  test('on one server after the other: both work at every step', async () => {
    const old = await startWith(second, third);
    await changesArrive();
    await startWith(third, second);
    await changesArrive();
    for (const server of hexclave.servers) {
      expect((await hexclave.callEngine(server, project.tenancyId)).status).toBe(200);
    }
    await hexclave.stop(old);
    await changesArrive();
    expect(await project.failureOf(external)).toMatchObject({ errorCode: null });
  });

  test('a secret that is forgotten too early is named as what is missing, and heals once it is given', async () => {
    const wrong = await startWith(first);
    expect(wrong.output()).toContain('HEXCLAVE_PREVIOUS_SERVER_SECRETS');
    await addUser(hexclave.db, project.tenancyId);
    expect(await project.failed(external)).toMatchObject({ errorCode: 'TARGET_CONNECTION_UNREADABLE' });
    await hexclave.stop(wrong);
    await startWith(first, third);
    await project.converged(external, 30_000);
  });
});

function keysOf({ keys }: Project): string[] {
  return [keys.publishableClientKey, keys.secretServerKey, keys.superSecretAdminKey];
}

async function dumpOf({ db }: Installation): Promise<string> {
  const tables = await db.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const parts: string[] = [];
  for (const { name } of tables) parts.push(JSON.stringify(await db.query(`SELECT t::text FROM ${name} t`)));
  return parts.join('\n');
}

/** Strings that must never be seen where they do not belong. */
const ROW = `canary-row-${randomBytes(8).toString('hex')}`;
const PASSWORD = `canary-password-${randomBytes(8).toString('hex')}`;
const HEADER = `canary-header-${randomBytes(8).toString('hex')}`;
const MESSAGE = `canary-message-${randomBytes(8).toString('hex')}`;

describe('A16 errors of drivers and databases carry connection strings and rows', () => {
  test('none is in any log line, answer or state that the system gives out, whatever fails', async () => {
    const server = await hexclave.startServer({ environment: { HEXCLAVE_LOG_LEVEL: 'trace' } });
    const project = await hexclave.createProject();
    const answers: string[] = [];
    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${server.url}/api/v1${path}`, { redirect: 'manual', ...init });
      answers.push(JSON.stringify([...response.headers]), await response.text());
    };

    // A target that works, and refuses rows in every way that quotes them.
    const good = await project.addExternalDatabase();
    await project.converged(good);
    await good.database.db.query(`ALTER TABLE hexclave.users ADD CONSTRAINT named CHECK (display_name NOT LIKE '${ROW} check%');
      CREATE UNIQUE INDEX one ON hexclave.users (display_name) WHERE display_name LIKE '${ROW} twin%';
      CREATE FUNCTION public.complain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION '${MESSAGE} %', NEW.display_name USING DETAIL = NEW.display_name, HINT = '${MESSAGE}'; END $$;
      CREATE TRIGGER complain BEFORE INSERT ON hexclave.users FOR EACH ROW WHEN (NEW.display_name LIKE '${ROW} raise%')
        EXECUTE FUNCTION public.complain()`);
    for (const kind of ['check', 'twin', 'twin', 'raise']) {
      await addUser(hexclave.db, project.tenancyId, { name: `${ROW} ${kind}` });
    }

    // Targets that fail before anything is written.
    const { port } = new URL(hexclave.connectionString);
    const failing = {
      password: `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/postgres?sslmode=disable`,
      user: `postgresql://nobody:${PASSWORD}@127.0.0.1:${port}/postgres?sslmode=disable`,
      host: `postgresql://u:${PASSWORD}@no-such-host.invalid/x?sslmode=disable`,
      port: `postgresql://u:${PASSWORD}@127.0.0.1:1/x?sslmode=disable`,
      tls: `postgresql://u:${PASSWORD}@127.0.0.1:${port}/x`,
    };
    for (const [id, connectionString] of Object.entries(failing)) {
      await project.configure({ [pathOf(id)]: { type: 'postgres', connectionString, schema: id } });
    }
    const drifting = await createEmptyDatabase();
    const drifted = await project.addExternalDatabase({ id: 'drifted', database: drifting });
    await project.converged({ ...drifted, schema: 'hexclave' }).catch(() => undefined);
    await drifting.db.query('ALTER TABLE hexclave.users DROP COLUMN display_name');
    await rename(hexclave.db, await addUser(hexclave.db, project.tenancyId, { name: ROW }), `${ROW} renamed`);

    // Outgoing requests with secrets, to nobody.
    await enqueueRequest(hexclave.db, {
      url: `http://127.0.0.1:1/?token=${HEADER}`,
      headers: { authorization: `Bearer ${HEADER}` },
      body: HEADER,
    });

    // Requests with secrets in the wrong places.
    const keys = headersFor(project.keys, 'admin');
    const bad = `postgresql://u:${PASSWORD}@db.example.com/x?password=${PASSWORD}`;
    for (const body of [
      { config_override_string: JSON.stringify({ [pathOf('x')]: { type: 'postgres', connectionString: bad } }) },
      { config_override_string: `{"${PASSWORD}` },
      { config_override_string: JSON.stringify({ [pathOf('x')]: { type: PASSWORD, connectionString: 7 } }) },
    ]) {
      await ask('/internal/config/override/environment', {
        method: 'PATCH',
        headers: { ...keys, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    }
    await ask('/internal/config', { headers: keys });
    await ask('/internal/config/override/environment', { headers: keys });
    await ask('/internal/api-keys', { headers: keys });
    await ask('/users', { headers: { ...headersFor(project.keys, 'server'), 'x-hexclave-secret-server-key': HEADER } });
    await ask('/users', {
      method: 'POST',
      headers: { ...headersFor(project.keys, 'server'), 'content-type': 'application/json' },
      body: `{"display_name": 7, "password": "${PASSWORD}", "x":`,
    });
    await ask('/internal/external-db-sync/poller?maxDurationMs=1000', {
      headers: { authorization: `Bearer ${HEADER}` },
    });
    await ask('/internal/external-db-sync/sync-engine', {
      method: 'POST',
      headers: { 'x-hexclave-signature': HEADER },
      body: HEADER,
    });
    await ask(`/no-such-route?token=${HEADER}`);
    await ask('/openapi.json');
    await ask('/docs');
    // The internal database breaks in the middle of a request.
    await hexclave.db.query(`CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION '${MESSAGE} %', NEW."displayName" USING DETAIL = NEW."displayName"; END $$;
      CREATE TRIGGER complain BEFORE INSERT ON "Team" FOR EACH ROW EXECUTE FUNCTION complain()`);
    await ask('/teams', {
      method: 'POST',
      headers: { ...headersFor(project.keys, 'server'), 'content-type': 'application/json' },
      body: JSON.stringify({ display_name: ROW }),
    });
    await hexclave.db.query('DROP TRIGGER complain ON "Team"');

    const failures = () =>
      hexclave.db.query<{ id: string }>(
        `SELECT "externalDatabaseId" AS id FROM "ExternalDatabaseState" WHERE "errorCode" IS NOT NULL
         UNION SELECT "externalDatabaseId" FROM "ExternalDatabaseMappingState" WHERE "errorCode" IS NOT NULL OR "parkedRows" >= 3`,
      );
    await waitUntil(async () => (await failures()).length === Object.keys(failing).length + 2, {
      timeoutMs: 30_000,
      intervalMs: 100,
      describe: 'everything to have failed that should',
    });
    await waitUntil(async () => (await queueErrors()).length > 0, { describe: 'the outgoing request to fail' });
    await hexclave.stop(server);

    const state = await stateOf();
    const parked = JSON.stringify(
      await good.database.db.query(
        'SELECT error_code, error_sqlstate, error_message FROM hexclave._hexclave_parked_rows',
      ),
    );
    expect(parked).toContain('TARGET_ROW_REFUSED');
    const given = { log: server.output(), answers: answers.join('\n'), state, parked };
    const canaries = [ROW, PASSWORD, HEADER, MESSAGE, ...hexclave.secrets, ...keysOf(project)];
    const found = Object.entries(given).flatMap(([where, text]) =>
      canaries
        .filter((canary) => text.includes(canary) || text.includes(encodeURIComponent(canary)))
        .map((canary) => `${canary} in ${where}`),
    );
    expect(found).toEqual([]);
    expect(given.log).toContain('TARGET_SIGN_IN_FAILED');
    expect(answers.length).toBeGreaterThan(20);
  });

  const queueErrors = () =>
    hexclave.db.query('SELECT 1 FROM "OutgoingRequest" WHERE "url" IS NOT NULL AND "lastErrorCode" IS NOT NULL');

  /** What is kept about failures, for whoever looks: not the queue's own headers and bodies. */
  async function stateOf(): Promise<string> {
    const rows = await Promise.all([
      hexclave.db.query('SELECT to_jsonb(s) FROM "ExternalDatabaseState" s'),
      hexclave.db.query('SELECT to_jsonb(s) FROM "ExternalDatabaseMappingState" s'),
      hexclave.db.query('SELECT "lastErrorCode", "lastErrorMessage" FROM "OutgoingRequest"'),
      hexclave.db.query('SELECT "id", "connectionDisplay" FROM "ExternalDatabase"'),
    ]);
    return JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  }
});
