import { randomBytes } from 'node:crypto';
import { PROFILE_UNITS } from '@hexclave/contract';
import { MEASURES } from '@hexclave/sync';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { succeed } from '../support/api-client.ts';
import { addEmail, addUser, addUsers } from '../sync/rows.ts';

const USERS = 6_000;
/** Enough for an index to matter: without it, the whole table is read for 250 rows. */
const TEAMS = 20_000;
const PATH = '/internal/external-db-sync/profile';
const SECRET_NAME = `Somebody Secret ${randomBytes(4).toString('hex')}`;
const SECRET_ADDRESS = `secret-${randomBytes(4).toString('hex')}@example.com`;
const TIME_MS = 60_000;

let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation({ environment: { HEXCLAVE_EXTERNAL_DB_SYNC_ALLOW_PRIVATE_HOSTS: 'true' } });
  project = await hexclave.createProject();
  await addUsers(hexclave.db, project.tenancyId, USERS);
  await hexclave.db.query(
    `INSERT INTO "Team" ("tenancyId", "teamId", "displayName") SELECT $1, gen_random_uuid(), 'team ' || n FROM generate_series(1, $2::int) n`,
    [project.tenancyId, TEAMS],
  );
  external = await project.addExternalDatabase();
  const somebody = await addUser(hexclave.db, project.tenancyId, { name: SECRET_NAME });
  await addEmail(hexclave.db, project.tenancyId, somebody, { value: SECRET_ADDRESS });
  await project.converged(external);
  await project.settled();
  await hexclave.db.query('VACUUM ANALYZE');
}, TIME_MS);

afterAll(() => hexclave.close());

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely, and every look is an assertion.
type Answered = any;

const profile = (body: object = {}, by = project.admin): Promise<Answered> =>
  succeed(by.post(PATH, { external_database_id: 'main', mapping: 'users', ...body }));
const history = (mapping: string): Promise<Answered> =>
  succeed(project.admin.get(`${PATH}?external_database_id=main&mapping=${mapping}`));
const statementOf = (answer: Answered, name: string): Answered =>
  answer.mappings[0].statements.find(({ statement }: Answered) => statement === name);
const codes = (statement: Answered): string[] => statement.findings.map(({ code }: Answered) => code);

/** Everything that a profile could leave behind. */
async function everything(): Promise<object> {
  const [internal] = await hexclave.db.query(
    `SELECT md5(string_agg(u::text, '' ORDER BY u."projectUserId")) AS users, (SELECT last_value FROM "global_seq_id") AS numbers,
       (SELECT count(*)::int FROM "DeletedRow") AS tombstones FROM "ProjectUser" u`,
  );
  const [target] = await external.database.db.query(
    `SELECT md5(string_agg(u::text || u.xmin, '' ORDER BY u.id)) AS users, (SELECT md5(string_agg(m::text, '')) FROM hexclave._hexclave_sync_metadata m) AS positions,
       (SELECT count(*)::int FROM pg_class) AS relations FROM hexclave.users u`,
  );
  return { internal, target };
}

describe('a profile', () => {
  test('measures the three statements of every table, on real rows, and leaves nothing behind', async () => {
    const before = await everything();
    const answer = await profile({ mapping: undefined });
    expect(await everything()).toEqual(before);

    expect(answer).toMatchObject({ external_database_id: 'main' });
    expect(answer.mappings.map(({ mapping }: Answered) => mapping).sort()).toEqual([
      'contact_channels',
      'team_member_profiles',
      'teams',
      'users',
    ]);
    const users = answer.mappings.find(({ mapping }: Answered) => mapping === 'users');
    expect(users.statements).toMatchObject([
      { statement: 'sequencing', side: 'internal', outcome: 'measured', measures: { rows: 100 } },
      { statement: 'fetch', side: 'internal', outcome: 'measured', measures: { rows: 250 } },
      { statement: 'apply', side: 'external', outcome: 'measured', measures: { rows: 250 } },
    ]);
    for (const { findings, measures, lacking, plan, server_version } of users.statements) {
      // A machine that is busy may be slow, which is no fault of a statement.
      expect(findings.filter(({ code }: Answered) => code !== 'SLOW')).toEqual([]);
      expect(measures.execution_time).toBeGreaterThan(0);
      expect(measures.cpu_time).toBeGreaterThanOrEqual(0);
      expect(measures.buffers_hit + measures.buffers_read).toBeGreaterThan(0);
      expect(Object.keys(lacking)).toEqual(['usual_calls', 'usual_time']);
      expect(plan[0]).toMatchObject({ depth: 0 });
      expect(server_version).toMatch(/^\d+\.\d+/);
    }
    const [sequencing, fetch, apply] = users.statements;
    expect(sequencing).toMatchObject({ indexes_used: ['ProjectUser_flagged_idx'] });
    expect(fetch.indexes_used).toContain('ProjectUser_sequenceId_idx');
    expect(apply).toMatchObject({ indexes_used: ['users_pkey'] });
    expect(apply.measures.wal_size).toBeGreaterThan(0);

    const profiles = answer.mappings.find(({ mapping }: Answered) => mapping === 'team_member_profiles');
    expect(profiles.statements[1]).toMatchObject({
      outcome: 'skipped',
      skipped: { reason: 'NO_ROWS' },
      measures: null,
    });
  });

  test('has no value of a row and nothing secret in it, and is in the audit log', async () => {
    const answer = await profile();
    const [kept] = await hexclave.db.query<{ all: string }>(
      `SELECT string_agg(q::text, ' ') AS all FROM "QueryProfile" q WHERE "tenancyId" = $1`,
      [project.tenancyId],
    );
    const [row] = await hexclave.db.query<{ id: string }>(
      'SELECT "projectUserId"::text AS id FROM "ProjectUser" WHERE "displayName" = $1',
      [SECRET_NAME],
    );
    for (const text of [JSON.stringify(answer), kept?.all ?? '']) {
      expect(text).toContain('ProjectUser');
      for (const secret of [SECRET_NAME, SECRET_ADDRESS, row?.id ?? SECRET_NAME]) expect(text).not.toContain(secret);
    }
    const { items } = await succeed(project.admin.get('/internal/audit-log?action=sync.profile&limit=1'));
    expect(items).toMatchObject([
      { external_database_id: 'main', mapping: 'users', result: 'done', after: { fire_triggers: false } },
    ]);
  });

  test('is for admins, of tables and databases that there are', async () => {
    expect((await project.api.post(PATH, { external_database_id: 'main' })).status).toBe(401);
    const missing = await project.admin.post(PATH, { external_database_id: 'nope' });
    expect(missing.body).toMatchObject({ code: 'EXTERNAL_DATABASE_NOT_FOUND' });
    const unknown = await project.admin.post(PATH, { external_database_id: 'main', mapping: 'nope' });
    expect(unknown.body).toMatchObject({ code: 'MAPPING_NOT_COPIED' });
    const other = await hexclave.createProject();
    const foreign = await other.admin.post(`${PATH}?project_id=${project.keys.projectId}`, {
      external_database_id: 'main',
    });
    expect(foreign.body).toMatchObject({ code: 'PROJECT_NOT_FOUND' });
    const operator = await succeed(
      hexclave.operator.get(`${PATH}?project_id=${project.keys.projectId}&external_database_id=main&runs=1`),
    );
    expect(operator.items.length).toBeGreaterThan(0);
  });
});

describe('what is wrong', () => {
  test('is an index of the internal database that somebody has dropped: the verdict names it, and the regression shows', async () => {
    await profile({ mapping: 'teams' });
    const [index] = await hexclave.db.query<{ sql: string }>(
      `SELECT pg_get_indexdef('"Team_sequenceId_idx"'::regclass) AS sql`,
    );
    await hexclave.db.query('DROP INDEX "Team_sequenceId_idx"');
    onTestFinished(async () => void (await hexclave.db.query(index?.sql ?? '')));
    const answer = await profile({ mapping: 'teams' });
    expect(answer.verdict).toBe('bad');
    const fetch = statementOf(answer, 'fetch');
    expect(codes(fetch)).toEqual(expect.arrayContaining(['INDEX_MISSING', 'REGRESSED']));
    expect(fetch.findings[0].message).toContain('Team_sequenceId_idx');
    expect(fetch.findings[0].remedy).toContain('CREATE INDEX CONCURRENTLY "Team_sequenceId_idx" ON "Team"');
    const regression = fetch.findings.find(({ code }: Answered) => code === 'REGRESSED');
    expect(regression.message).toMatch(/MB of pages instead of/);

    const fetches = (await history('teams')).items.map(({ statements }: Answered) => statements[1]);
    const [before, now] = fetches.slice(-2);
    expect([before.verdict, now.verdict]).toEqual(['good', 'bad']);
    expect(now.plan_digest).not.toBe(before.plan_digest);
    const pages = ({ measures }: Answered) => measures.buffers_hit + measures.buffers_read;
    expect(pages(now)).toBeGreaterThan(2.5 * pages(before));
  });

  test('is the key of the target table, which the statement cannot do without', async () => {
    const { db } = external.database;
    await db.query('ALTER TABLE hexclave.users DROP CONSTRAINT users_pkey');
    onTestFinished(async () => void (await db.query('ALTER TABLE hexclave.users ADD PRIMARY KEY (id)')));
    const apply = statementOf(await profile(), 'apply');
    expect(apply).toMatchObject({ outcome: 'failed', verdict: 'bad', measures: null, error: { code: 'TARGET_DRIFT' } });
    expect(apply.findings).toMatchObject([
      { code: 'INDEX_MISSING', remedy: 'ALTER TABLE "hexclave"."users" ADD PRIMARY KEY ("id");' },
    ]);
  });
});

describe('the owner’s database', () => {
  test('has its triggers left alone unless somebody asks for them, and what they write is rolled back then', async () => {
    const { db } = external.database;
    await db.query('CREATE TABLE public.seen (id uuid)');
    await db.query(`CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO public.seen VALUES (NEW.id); RETURN NEW; END $$`);
    await db.query(
      'CREATE TRIGGER tell_others AFTER UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION public.note()',
    );
    onTestFinished(async () => void (await db.query('DROP TRIGGER tell_others ON hexclave.users')));
    const left = statementOf(await profile(), 'apply');
    expect(left).toMatchObject({ outcome: 'skipped', verdict: 'unknown', skipped: { reason: 'TRIGGERS' } });
    expect(left.skipped.message).toContain('trigger tell_others');
    const fired = statementOf(await profile({ fire_triggers: true }), 'apply');
    expect(fired).toMatchObject({ outcome: 'measured', triggers: [{ name: 'tell_others', calls: 250 }] });
    expect(await db.query('SELECT 1 FROM public.seen')).toEqual([]);
  });

  test('is not waited for: a lock that somebody holds is told at once', async () => {
    const holder = await external.database.db.pool.connect();
    onTestFinished(() => holder.release());
    await holder.query('BEGIN; UPDATE hexclave.users SET display_name = display_name');
    const apply = statementOf(await profile(), 'apply');
    await holder.query('ROLLBACK');
    expect(apply).toMatchObject({ outcome: 'failed', error: { code: 'TARGET_LOCKED', sql_state: '55P03' } });
  });

  test('is not touched while it is paused, and the rest is measured all the same', async () => {
    await succeed(
      project.admin.post('/internal/external-db-sync/pause', { external_database_id: 'main', reason: 'a test' }),
    );
    const answer = await profile();
    await succeed(project.admin.post('/internal/external-db-sync/resume', { external_database_id: 'main' }));
    expect(statementOf(answer, 'apply')).toMatchObject({ outcome: 'skipped', skipped: { reason: 'PAUSED' } });
    expect(statementOf(answer, 'fetch').outcome).toBe('measured');
  });

  test('need not even be there: what fails is said, with what to do', async () => {
    const gone = await project.addExternalDatabase({
      id: 'gone',
      connectionString: 'postgresql://somebody:pass@127.0.0.1:1/none',
    });
    onTestFinished(() => project.configure({ 'dbSync.externalDatabases.gone': null }));
    const answer = await profile({ external_database_id: gone.id });
    const apply = statementOf(answer, 'apply');
    expect(apply).toMatchObject({ outcome: 'failed', verdict: 'unknown', error: { code: 'TARGET_UNREACHABLE' } });
    expect(answer.verdict).toBe('unknown');
    expect(JSON.stringify(answer)).not.toContain('pass@');
  });
});

test('every measure has one unit, whoever is asked', () => {
  expect(PROFILE_UNITS).toEqual(MEASURES);
});

test('the history keeps fifty runs of a statement, and no more', async () => {
  await hexclave.db.query(
    `INSERT INTO "QueryProfile" ("runId", "tenancyId", "externalDatabaseId", "mapping", "statement", "at", "outcome", "profile")
     SELECT gen_random_uuid(), q."tenancyId", q."externalDatabaseId", q."mapping", q."statement", now() - n * interval '1 hour', q."outcome", q."profile"
     FROM generate_series(1, 60) n, (SELECT * FROM "QueryProfile" WHERE "statement" = 'fetch' AND "mapping" = 'users' AND "tenancyId" = $1 LIMIT 1) q`,
    [project.tenancyId],
  );
  await profile();
  const [kept] = await hexclave.db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM "QueryProfile" WHERE "tenancyId" = $1 AND "externalDatabaseId" = 'main' AND "mapping" = 'users' AND "statement" = 'fetch'`,
    [project.tenancyId],
  );
  expect(kept).toEqual({ count: 50 });
});
