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
