import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { succeed } from '../support/api-client.ts';
import { addUsers } from '../sync/rows.ts';

let hexclave: Installation;
let project: Project;
let main: ExternalDatabase;
let other: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 2 });
  project = await hexclave.createProject();
  main = await project.addExternalDatabase();
  other = await project.addExternalDatabase({ id: 'other' });
  await project.converged(main);
  await project.converged(other);
});

afterAll(() => hexclave.close());

const CONTROLS = '/internal/external-db-sync';
const asOperator = (path: string) => `${CONTROLS}/${path}?project_id=${project.keys.projectId}`;

type Shown = { external_database_id: string | null; paused_by: string; reason: string | null };
const brief = (items: Shown[]) => items.map((pause) => [pause.external_database_id, pause.paused_by, pause.reason]);

async function rowsIn({ database }: ExternalDatabase): Promise<number> {
  const [row] = await database.db.query<{ count: number }>('SELECT count(*)::int AS count FROM hexclave.users');
  return row?.count ?? 0;
}

/** Writes, waits until everything due was delivered, and says which of the copies have the rows. */
async function whoReceives(): Promise<string[]> {
  // A delivery that is under way when somebody pauses may take along what comes in its last second.
  await project.settled();
  const before = new Map([main, other].map((external) => [external, rowsIn(external)]));
  await Promise.all(before.values());
  await addUsers(hexclave.db, project.tenancyId, 3);
  await project.settled();
  const received: string[] = [];
  for (const [external, count] of before) if ((await rowsIn(external)) > (await count)) received.push(external.id);
  return received;
}

describe('a pause', () => {
  test('by the operator and one by the owner stand side by side: the project works when both are over', async () => {
    await succeed(project.admin.post(`${CONTROLS}/pause`, { reason: 'we move' }));
    const both = await succeed(hexclave.operator.post(asOperator('pause'), { reason: 'too much load' }));
    expect(brief(both.items)).toEqual([
      [null, 'operator', 'too much load'],
      [null, 'owner', 'we move'],
    ]);
    expect(await whoReceives()).toEqual([]);

    const left = await succeed(project.admin.post(`${CONTROLS}/resume`, {}));
    expect(brief(left.items)).toEqual([[null, 'operator', 'too much load']]);
    expect(await whoReceives()).toEqual([]);

    // An owner cannot get around it by the configuration, nor by a database that is new, renamed or set anew.
    await project.configure({ 'dbSync.externalDatabases.main.paused': false });
    const third = await project.addExternalDatabase({ id: 'third' });
    expect(await whoReceives()).toEqual([]);
    expect(await third.database.db.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'hexclave'`)).toEqual([]);

    await succeed(hexclave.operator.post(asOperator('resume'), {}));
    for (const external of [main, other, third]) await project.converged(external);
    await project.configure({ 'dbSync.externalDatabases.third': null });
  });

  test('of one external database leaves the others alone, and is the same as the one in the configuration', async () => {
    const { items } = await succeed(
      project.admin.post(`${CONTROLS}/pause`, { external_database_id: 'main', reason: 'an index is built' }),
    );
    expect(brief(items)).toEqual([['main', 'owner', 'an index is built']]);
    const config = JSON.parse((await succeed(project.admin.get('/internal/config'))).config_string);
    expect(config.dbSync.externalDatabases.main.paused).toBe(true);
    expect(await whoReceives()).toEqual(['other']);

    await project.configure({ 'dbSync.externalDatabases.main.paused': false });
    expect((await succeed(project.admin.get(`${CONTROLS}/pauses`))).items).toEqual([]);
    await project.converged(main);
  });

  test('in the configuration says who and when', async () => {
    await project.configure({ 'dbSync.externalDatabases.other.paused': true });
    const { items } = await succeed(project.admin.get(`${CONTROLS}/pauses`));
    expect(items).toMatchObject([
      { external_database_id: 'other', paused_by: 'owner', by: { key_set_id: project.keys.keySetId }, reason: null },
    ]);
    expect(Date.now() - items[0].since_millis).toBeLessThan(60_000);
    await succeed(project.admin.post(`${CONTROLS}/resume`, { external_database_id: 'other' }));
    await project.converged(other);
  });

  test('of one external database by the operator outlasts its removal', async () => {
    const body = { external_database_id: 'other', reason: 'floods its network' };
    await succeed(hexclave.operator.post(asOperator('pause'), body));
    await project.configure({ 'dbSync.externalDatabases.other': null });
    const anew = await project.addExternalDatabase({ id: 'other' });
    await project.settled();
    expect(await anew.database.db.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'hexclave'`)).toEqual([]);
    await succeed(hexclave.operator.post(asOperator('resume'), { external_database_id: 'other' }));
    await project.converged(anew);
    other = anew;
  });

  test('holds back a repair, and lets a comparison go on', async () => {
    await addUsers(hexclave.db, project.tenancyId, 2_000);
    await project.converged(main);
    await succeed(hexclave.operator.post(asOperator('pause'), { reason: 'a repair must wait' }));
    const refused = await project.admin.post(`${CONTROLS}/verify`, { external_database_id: 'main', repair: true });
    expect(refused.body.code).toBe('EXTERNAL_DATABASE_PAUSED');
    const run = await succeed(project.admin.post(`${CONTROLS}/verify`, { external_database_id: 'main' }));
    await waitUntil(
      async () => (await succeed(project.admin.get(`${CONTROLS}/verify/${run.id}`))).state === 'finished',
      { timeoutMs: 20_000, describe: 'the comparison to end' },
    );
    await hexclave.db.query(
      `INSERT INTO "VerificationRun" ("tenancyId", "externalDatabaseId", "repair") VALUES ($1, 'main', true)`,
      [project.tenancyId],
    );
    const state = async () => {
      const [row] = await hexclave.db.query<{ state: string }>(
        `SELECT "state" FROM "VerificationRun" WHERE "tenancyId" = $1 AND "repair"`,
        [project.tenancyId],
      );
      return row?.state;
    };
    // Longer than requests are looked for.
    const end = Date.now() + 3_000;
    await waitUntil(() => Date.now() > end, { timeoutMs: 10_000, describe: 'requests to be looked for' });
    expect(await state()).toBe('queued');
    await succeed(hexclave.operator.post(asOperator('resume'), {}));
    await waitUntil(async () => (await state()) === 'finished', { timeoutMs: 30_000, describe: 'the repair to end' });
  });

  test('asks for a reason, for an external database that there is, and for the right project', async () => {
    expect((await project.admin.post(`${CONTROLS}/pause`, {})).body.code).toBe('SCHEMA_ERROR');
    const none = { external_database_id: 'none', reason: 'a test' };
    expect((await project.admin.post(`${CONTROLS}/pause`, none)).body.code).toBe('EXTERNAL_DATABASE_NOT_FOUND');
    const foreign = await project.admin.post(`${CONTROLS}/pause?project_id=internal`, { reason: 'a test' });
    expect([foreign.status, foreign.body.code]).toEqual([404, 'PROJECT_NOT_FOUND']);
    expect((await project.admin.get(`${CONTROLS}/pauses?scope=all`)).body.code).toBe('EXPECTED_INTERNAL_PROJECT');
    expect((await succeed(hexclave.operator.get(`${CONTROLS}/pauses?scope=all`))).items).toEqual([]);
  });
});

describe('a retry', () => {
  const retry = (body: object) => project.admin.post(`${CONTROLS}/retry`, body);
  const onMain = (sql: string) => main.database.db.query(sql);

  /** Whatever waits for its next attempt is to wait for an hour, as after many of them. */
  async function putOff(): Promise<void> {
    const { db } = hexclave;
    await waitUntil(
      async () => {
        for (const [table, column] of [
          ['ExternalDatabaseState', 'nextAttemptAt'],
          ['ExternalDatabaseMappingState', 'nextAttemptAt'],
          ['OutgoingRequest', 'notBefore'],
        ]) {
          await db.query(
            `UPDATE "${table}" SET "${column}" = now() + interval '1 hour' WHERE "tenancyId" = $1 AND "${column}" IS NOT NULL`,
            [project.tenancyId],
          );
        }
        const underWay = await db.query(
          `SELECT 1 FROM "OutgoingRequest" WHERE "tenancyId" = $1 AND ("startedFulfillingAt" IS NOT NULL OR "notBefore" < now() + interval '50 minutes')`,
          [project.tenancyId],
        );
        return underWay.length === 0;
      },
      { describe: 'nothing to be tried for an hour' },
    );
  }

  test('of a table that fails happens at once, whatever it waits for', async () => {
    await onMain('ALTER TABLE hexclave.users RENAME COLUMN display_name TO called');
    await addUsers(hexclave.db, project.tenancyId, 1);
    const failing = () =>
      hexclave.db.query(
        `SELECT 1 FROM "ExternalDatabaseMappingState" WHERE "tenancyId" = $1 AND "errorCode" = 'TARGET_DRIFT'`,
        [project.tenancyId],
      );
    await waitUntil(async () => (await failing()).length > 0, { timeoutMs: 20_000, describe: 'the table to fail' });
    await onMain('ALTER TABLE hexclave.users RENAME COLUMN called TO display_name');
    await putOff();
    const { retried } = await succeed(
      retry({ external_database_id: 'main', mapping: 'users', reason: 'renamed back' }),
    );
    expect(retried).toBe(true);
    await project.converged(main);
    const { items } = await succeed(project.admin.get('/internal/audit-log?action=sync.retry&limit=1'));
    expect(items[0]).toMatchObject({
      mapping: 'users',
      reason: 'renamed back',
      result: 'queued',
      after: { retried: true },
    });
  });

  test('of rows that the target has refused happens at once too', async () => {
    await onMain(`ALTER TABLE hexclave.users ADD CONSTRAINT good CHECK (display_name <> 'user 1') NOT VALID`);
    await addUsers(hexclave.db, project.tenancyId, 1);
    const parked = () =>
      hexclave.db.query(`SELECT 1 FROM "ExternalDatabaseMappingState" WHERE "tenancyId" = $1 AND "parkedRows" > 0`, [
        project.tenancyId,
      ]);
    await waitUntil(async () => (await parked()).length > 0, { timeoutMs: 20_000, describe: 'the row to be parked' });
    await onMain('ALTER TABLE hexclave.users DROP CONSTRAINT good');
    await onMain(`UPDATE hexclave._hexclave_parked_rows SET next_attempt_at = now() + interval '1 hour'`);
    await putOff();
    expect((await succeed(retry({ external_database_id: 'main' }))).retried).toBe(true);
    await project.converged(main);
    await waitUntil(async () => (await parked()).length === 0, { describe: 'the row to be counted no longer' });
  });

  test('says when there is nothing to try, and what cannot be tried', async () => {
    await project.settled();
    expect((await succeed(retry({ external_database_id: 'main' }))).retried).toBe(false);
    const code = async (body: object) => (await retry(body)).body.code;
    expect(await code({ external_database_id: 'none' })).toBe('EXTERNAL_DATABASE_NOT_FOUND');
    expect(await code({ external_database_id: 'main', mapping: 'none' })).toBe('MAPPING_NOT_COPIED');
    await succeed(project.admin.post(`${CONTROLS}/pause`, { external_database_id: 'main', reason: 'a test' }));
    expect(await code({ external_database_id: 'main' })).toBe('EXTERNAL_DATABASE_PAUSED');
    await succeed(project.admin.post(`${CONTROLS}/resume`, { external_database_id: 'main' }));
  });
});
