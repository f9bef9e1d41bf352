import { randomBytes } from 'node:crypto';
import { PROFILED_STATEMENT_NAMES } from '@hexclave/config';
import { createClient, type StepOf } from '@hexclave/sdk';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { succeed } from '../support/api-client.ts';
import { addEmail, addUser } from '../sync/rows.ts';
import {
  type Answered,
  createProfiledProject,
  PROFILE_MS,
  PROFILE_PATH,
  profileBy,
  statementOf,
} from './support/profiled-project.ts';

const USERS = 6_000;
/** Enough for an index to matter: without it, the whole table is read for 250 rows. */
const TEAMS = 20_000;
const SECRET_NAME = `Somebody Secret ${randomBytes(4).toString('hex')}`;
const SECRET_ADDRESS = `secret-${randomBytes(4).toString('hex')}@example.com`;
/** Of the newest changes. */
const DELETED = 40;
/** Of the owner's: enough for a deletion to be slow that has to look through them. */
const ORDERS = 10_000;

let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  ({ hexclave, project, external } = await createProfiledProject(USERS, (made) =>
    made.hexclave.db.query(
      `INSERT INTO "Team" ("tenancyId", "teamId", "displayName") SELECT $1, gen_random_uuid(), 'team ' || n FROM generate_series(1, $2::int) n`,
      [made.project.tenancyId, TEAMS],
    ),
  ));
  const somebody = await addUser(hexclave.db, project.tenancyId, { name: SECRET_NAME });
  await addEmail(hexclave.db, project.tenancyId, somebody, { value: SECRET_ADDRESS });
  await project.settled();
  await hexclave.db.query(
    `DELETE FROM "ProjectUser" WHERE ctid = ANY (ARRAY(SELECT ctid FROM "ProjectUser" WHERE "tenancyId" = $1 AND "displayName" <> $2 LIMIT ${DELETED}))`,
    [project.tenancyId, SECRET_NAME],
  );
  await project.converged(external);
  await project.settled();
  await hexclave.db.query('VACUUM ANALYZE');
}, PROFILE_MS);

afterAll(() => hexclave.close());

const profile = (body?: object, by = project.admin) => profileBy(by, body);
const history = (mapping: string): Promise<Answered> =>
  succeed(project.admin.get(`${PROFILE_PATH}?external_database_id=main&mapping=${mapping}`));
const codes = (statement: Answered): string[] => statement.findings.map(({ code }: Answered) => code);

describe('a profile', () => {
  test('measures every statement of every table on real rows', async () => {
    const answer = await profile({ mapping: undefined });
    expect(answer).toMatchObject({ external_database_id: 'main' });
    expect(answer.mappings.map(({ mapping }: Answered) => mapping).sort()).toEqual([
      'contact_channels',
      'team_member_profiles',
      'teams',
      'users',
    ]);
    const users = answer.mappings.find(({ mapping }: Answered) => mapping === 'users');
    expect(users.statements.map(({ statement }: Answered) => statement)).toEqual(PROFILED_STATEMENT_NAMES);
    for (const { statement, outcome, findings, measures, lacking, plan, server_version } of users.statements) {
      expect([statement, outcome]).toEqual([statement, 'measured']);
      // A machine that is busy may be slow, which is no fault of a statement.
      expect(findings.filter(({ code }: Answered) => code !== 'SLOW' && code !== 'TRIGGERS_SLOW')).toEqual([]);
      expect(measures.execution_time).toBeGreaterThan(0);
      expect(measures.cpu_time).toBeGreaterThanOrEqual(0);
      expect(server_version).toMatch(/^\d+\.\d+/);
      if (statement === 'stage') continue;
      expect(measures.buffers_hit + measures.buffers_read).toBeGreaterThan(0);
      expect(Object.keys(lacking)).toEqual(['usual_calls', 'usual_time']);
      expect(plan[0]).toMatchObject({ depth: 0 });
    }
    const of = (name: string) => users.statements.find(({ statement }: Answered) => statement === name);
    const rows = Object.fromEntries(
      users.statements.map(({ statement, measures }: Answered) => [statement, measures.rows]),
    );
    expect(rows).toEqual({
      ...{ sequencing: 100, fetch: 250, apply: 250, fetch_deletions: DELETED, apply_deletions: 250 },
      ...{
        fetch_bulk: 2_000,
        stage: 2_000,
        merge: 2_000,
        merge_deletions: 2_000,
        fetch_copy: 2_000,
      },
    });
    expect(of('sequencing')).toMatchObject({ indexes_used: ['ProjectUser_flagged_idx'] });
    expect(of('fetch').indexes_used).toContain('ProjectUser_sequenceId_idx');
    expect(of('apply')).toMatchObject({ indexes_used: ['users_pkey'] });
    for (const name of ['apply', 'apply_deletions', 'merge', 'merge_deletions']) {
      expect(of(name).measures.wal_size).toBeGreaterThan(0);
    }
    expect(of('stage').lacking.wal_size).toBe('PostgreSQL does not explain COPY.');

    const profiles = answer.mappings.find(({ mapping }: Answered) => mapping === 'team_member_profiles');
    expect(profiles.statements[1]).toMatchObject({
      outcome: 'skipped',
      skipped: { reason: 'NO_ROWS' },
      measures: null,
    });
  });

  test('tells each statement as it is measured, to whoever asks for that, and then the same as in one piece', async () => {
    const client = createClient({
      baseUrl: hexclave.server.url,
      projectId: project.keys.projectId,
      keys: { superSecretAdminKey: project.keys.superSecretAdminKey },
    });
    const steps: StepOf<'profileExternalDatabase'>[] = [];
    const whole = await client.dbSync.profile(
      { external_database_id: 'main', mapping: 'users' },
      {},
      { onStep: (step) => steps.push(step) },
    );
    expect(steps.map(({ done, total, mapping }) => `${mapping} ${done}/${total}`)).toEqual(
      PROFILED_STATEMENT_NAMES.map((_name, place) => `users ${place + 1}/${PROFILED_STATEMENT_NAMES.length}`),
    );
    expect(steps.map(({ statement }) => statement)).toEqual(whole.mappings[0]?.statements);
    expect((await history('users')).items.at(-1)).toEqual(whole.mappings[0]);
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
    expect((await project.api.post(PROFILE_PATH, { external_database_id: 'main' })).status).toBe(401);
    const missing = await project.admin.post(PROFILE_PATH, { external_database_id: 'nope' });
    expect(missing.body).toMatchObject({ code: 'EXTERNAL_DATABASE_NOT_FOUND' });
    const unknown = await project.admin.post(PROFILE_PATH, { external_database_id: 'main', mapping: 'nope' });
    expect(unknown.body).toMatchObject({ code: 'MAPPING_NOT_COPIED' });
    const other = await hexclave.createProject();
    const foreign = await other.admin.post(`${PROFILE_PATH}?project_id=${project.keys.projectId}`, {
      external_database_id: 'main',
    });
    expect(foreign.body).toMatchObject({ code: 'PROJECT_NOT_FOUND' });
    const operator = await succeed(
      hexclave.operator.get(`${PROFILE_PATH}?project_id=${project.keys.projectId}&external_database_id=main&runs=1`),
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
    expect(before.verdict).not.toBe('bad');
    expect(now.verdict).toBe('bad');
    expect(now.plan_digest).not.toBe(before.plan_digest);
    const pages = ({ measures }: Answered) => measures.buffers_hit + measures.buffers_read;
    expect(pages(now)).toBeGreaterThan(2.5 * pages(before));
  });

  test('is the key of the target table: one statement cannot do without, and both say how to make it', async () => {
    const { db } = external.database;
    await db.query('ALTER TABLE hexclave.users DROP CONSTRAINT users_pkey');
    onTestFinished(async () => void (await db.query('ALTER TABLE hexclave.users ADD PRIMARY KEY (id)')));
    const answer = await profile();
    const apply = statementOf(answer, 'apply');
    expect(apply).toMatchObject({ outcome: 'failed', verdict: 'bad', measures: null, error: { code: 'TARGET_DRIFT' } });
    const missing = { code: 'INDEX_MISSING', remedy: 'ALTER TABLE "hexclave"."users" ADD PRIMARY KEY ("id");' };
    expect(apply.findings).toMatchObject([missing]);
    expect(statementOf(answer, 'merge_deletions')).toMatchObject({ outcome: 'measured', verdict: 'bad' });
    expect(statementOf(answer, 'merge_deletions').findings).toMatchObject([missing]);
  });

  test('is an index of the owner’s, dropped between two profiles, without which deletions have become slow', async () => {
    const { db } = external.database;
    await db.query('CREATE TABLE public.orders (id serial, user_id uuid REFERENCES hexclave.users ON DELETE CASCADE)');
    onTestFinished(async () => void (await db.query('DROP TABLE public.orders')));
    await db.query(
      `INSERT INTO public.orders (user_id) SELECT u.id FROM hexclave.users u, generate_series(1, 10) LIMIT ${ORDERS}`,
    );
    await db.query('CREATE INDEX ON public.orders (user_id); ANALYZE public.orders');
    const before = statementOf(await profile(), 'apply_deletions');
    expect(before.outcome).toBe('measured');
    expect(codes(before)).not.toContain('INDEX_MISSING');
    expect(before.triggers).toMatchObject([{ name: 'orders_user_id_fkey', calls: 250 }]);

    await db.query('DROP INDEX public.orders_user_id_idx');
    const now = statementOf(await profile(), 'apply_deletions');
    const remedy = 'CREATE INDEX CONCURRENTLY "orders_user_id_idx" ON public.orders (user_id);';
    expect(now.verdict).toBe('bad');
    expect(now.findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...{ code: 'INDEX_MISSING', remedy },
          message: 'The index orders_user_id_idx on public.orders, which this statement needs, is missing.',
        }),
        expect.objectContaining({ code: 'REGRESSED', remedy, message: expect.stringMatching(/ ms instead of /) }),
      ]),
    );
    const { execution_time: time } = now.comparison.changes;
    expect(time).toMatchObject({ now: now.measures.execution_time, trend: 'worse' });
    expect(time.percent).toBeGreaterThan(150);
  });
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
