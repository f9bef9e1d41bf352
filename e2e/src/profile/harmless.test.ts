import type { Queryable } from '@hexclave/db';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { headersFor, succeed } from '../support/api-client.ts';
import { rename } from '../sync/rows.ts';
import {
  type Answered,
  createProfiledProject,
  PROFILE_MS,
  PROFILE_PATH,
  profileBy,
  statementOf,
} from './support/profiled-project.ts';

const USERS = 1_000;
/** Whoever waits for a profile's locks waits no longer, as docs/operations/profile.md says; and then the machine is busy. */
const LOCKS_MS = 3_000;
const BUSY_MS = 10_000;

let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  ({ hexclave, project, external } = await createProfiledProject(USERS));
  await project.converged(external);
  await hexclave.db.query(`DELETE FROM "ProjectUser" WHERE "tenancyId" = $1 AND "displayName" LIKE 'user 9_'`, [
    project.tenancyId,
  ]);
  await project.converged(external);
  await project.settled();
  const { db } = external.database;
  await db.query(`CREATE TABLE public.orders (id serial PRIMARY KEY, user_id uuid REFERENCES hexclave.users ON DELETE CASCADE);
    CREATE TABLE public.reviews (id serial PRIMARY KEY, user_id uuid REFERENCES hexclave.users ON DELETE SET NULL);
    INSERT INTO public.orders (user_id) SELECT id FROM hexclave.users;
    INSERT INTO public.reviews (user_id) SELECT id FROM hexclave.users;
    CREATE SEQUENCE public.numbers`);
}, PROFILE_MS);

afterAll(() => hexclave.close());

const profile = (body?: object) => profileBy(project.admin, body);

/** Of the internal database. The others are written to all along: samples, signs of life, what was profiled. */
const OURS = [
  ...['ProjectUser', 'ContactChannel', 'Team', 'TeamMember', 'DeletedRow', 'DeletedRowHorizon', 'SequenceEpoch'],
  ...['ExternalDatabase', 'OutgoingRequest', 'global_seq_id', 'DeletedRow_id_seq'],
];

/** Every row of every table with its version and place, and every sequence. `only`: those of these names. */
async function everythingIn(db: Queryable, only: readonly string[] | null): Promise<Record<string, string | null>> {
  const tables = await db.query<{ name: string }>(
    `SELECT format('%I.%I', c.relnamespace::regnamespace, c.relname) AS name FROM pg_class c
     WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
       AND ($1::text[] IS NULL OR c.relname = ANY ($1)) ORDER BY 1`,
    [only],
  );
  const hashes = tables.map(
    ({ name }) =>
      `SELECT '${name}' AS what, md5(string_agg(concat(t.ctid, t.xmin, t::text), '' ORDER BY t.ctid)) AS is FROM ${name} t`,
  );
  const sequences = `SELECT format('%I.%I', s.schemaname, s.sequencename), s.last_value::text FROM pg_sequences s
    WHERE $1::text[] IS NULL OR s.sequencename = ANY ($1)`;
  const found = await db.query<{ what: string; is: string | null }>([...hashes, sequences].join(' UNION ALL '), [only]);
  return Object.fromEntries(found.map(({ what, is }) => [what, is]));
}

async function everything() {
  return { internal: await everythingIn(hexclave.db, OURS), external: await everythingIn(external.database.db, null) };
}

test('a profile leaves both databases as they were: every row, version, number, position and table', async () => {
  const before = await everything();
  expect(Object.keys(before.external)).toEqual(
    expect.arrayContaining([
      'hexclave.users',
      'hexclave._hexclave_sync_metadata',
      'public.orders',
      'public.orders_id_seq',
    ]),
  );
  expect(Object.keys(before.internal)).toHaveLength(OURS.length);
  const answer = await profile({ mapping: undefined });
  const users = answer.mappings.find(({ mapping }: Answered) => mapping === 'users');
  expect(users.statements.map(({ outcome }: Answered) => outcome)).toEqual(Array(10).fill('measured'));
  expect(await everything()).toEqual(before);
});

describe('what no rollback undoes', () => {
  test('is a trigger of the owner’s: left alone unless somebody asks for it, and what it writes is rolled back then', async () => {
    const { db } = external.database;
    await db.query(`CREATE TABLE public.seen (id uuid); CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO public.seen VALUES (NEW.id); RETURN NEW; END $$`);
    await db.query(
      'CREATE TRIGGER tell_others AFTER UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION public.note()',
    );
    onTestFinished(async () => void (await db.query('DROP TRIGGER tell_others ON hexclave.users')));
    const answer = await profile();
    for (const name of ['apply', 'merge']) {
      const left = statementOf(answer, name);
      expect(left).toMatchObject({ outcome: 'skipped', verdict: 'unknown', skipped: { reason: 'TRIGGERS' } });
      expect(left.skipped.message).toContain('trigger tell_others');
    }
    expect(statementOf(answer, 'apply_deletions').outcome).toBe('measured');
    expect(statementOf(answer, 'stage').outcome).toBe('measured');
    const fired = statementOf(await profile({ fire_triggers: true }), 'apply');
    expect(fired).toMatchObject({ outcome: 'measured', triggers: [{ name: 'tell_others', calls: 250 }] });
    expect(await db.query('SELECT 1 FROM public.seen')).toEqual([]);
  });

  test('is a trigger of a table that a deletion reaches through a foreign key', async () => {
    const { db } = external.database;
    await db.query(`CREATE FUNCTION public.count_it() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM nextval('public.numbers'); RETURN NULL; END $$`);
    await db.query(
      'CREATE TRIGGER mourn AFTER DELETE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.count_it()',
    );
    await db.query(
      'CREATE TRIGGER not_reached AFTER DELETE ON public.reviews FOR EACH ROW EXECUTE FUNCTION public.count_it()',
    );
    onTestFinished(
      async () => void (await db.query('DROP TRIGGER mourn ON orders; DROP TRIGGER not_reached ON reviews')),
    );
    const answer = await profile();
    for (const name of ['apply_deletions', 'merge_deletions']) {
      expect(statementOf(answer, name).skipped.message).toContain('by its rollback: trigger mourn of public.orders. ');
    }
    expect(statementOf(answer, 'apply').outcome).toBe('measured');
    expect(await db.query('SELECT is_called FROM public.numbers')).toEqual([{ is_called: false }]);
  });

  test('is a number that a column of the owner’s takes from a sequence', async () => {
    const { db } = external.database;
    await db.query(`ALTER TABLE hexclave.users ADD COLUMN number bigint DEFAULT nextval('public.numbers')`);
    onTestFinished(async () => void (await db.query('ALTER TABLE hexclave.users DROP COLUMN number')));
    const numbered = await db.query('SELECT last_value FROM public.numbers');
    const answer = await profile();
    expect(statementOf(answer, 'apply').skipped.message).toContain('default of column number');
    expect(statementOf(answer, 'apply_deletions').outcome).toBe('measured');
    expect(await db.query('SELECT last_value FROM public.numbers')).toEqual(numbered);
  });
});

describe('a profile gives way', () => {
  test('to a lock that somebody holds: it is told at once', async () => {
    const holder = await external.database.db.pool.connect();
    onTestFinished(() => holder.release());
    await holder.query('BEGIN; UPDATE hexclave.users SET display_name = display_name');
    const answer = await profile();
    await holder.query('ROLLBACK');
    for (const name of ['apply', 'apply_deletions', 'merge', 'merge_deletions']) {
      const error = { code: 'TARGET_LOCKED', sql_state: '55P03' };
      expect(statementOf(answer, name)).toMatchObject({ outcome: 'failed', error });
    }
  });

  test('to a sync of the very rows that it has locked: that waits for a bounded time, and does not fail', async () => {
    const { db } = external.database;
    // Only one of the statements that a profile runs.
    await db.query(`CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF current_query() LIKE '%EXPLAIN%DELETE FROM%(VALUES%' THEN PERFORM pg_sleep(60); END IF; RETURN NULL; END $$`);
    await db.query('CREATE TRIGGER slow AFTER DELETE ON hexclave.users EXECUTE FUNCTION public.dawdle()');
    onTestFinished(async () => void (await db.query('DROP TRIGGER slow ON hexclave.users')));
    const profiling = profile({ fire_triggers: true });
    await waitUntil(() => isProfiled(db, 'PgSleep'), { describe: 'the deletion to be under way', intervalMs: 10 });
    const [user] = await hexclave.db.query<{ id: string }>(
      'SELECT "projectUserId" AS id FROM "ProjectUser" WHERE "tenancyId" = $1 ORDER BY "sequenceId" DESC LIMIT 1',
      [project.tenancyId],
    );
    const began = performance.now();
    await rename(hexclave.db, user?.id ?? '', 'renamed meanwhile');
    await project.converged(external);
    expect(performance.now() - began).toBeLessThan(LOCKS_MS + BUSY_MS);
    expect((await project.failureOf(external))?.errorCode ?? null).toBeNull();
    const slow = statementOf(await profiling, 'apply_deletions');
    expect(slow).toMatchObject({ outcome: 'failed', error: { code: 'TARGET_TIMEOUT', sql_state: '57014' } });
  });
});

describe('a profile ends, with its statements cancelled', () => {
  /** Numbers outlast a rollback: one is taken for each statement that somebody has asked to be cancelled. */
  const SLEEPER = `CREATE SEQUENCE IF NOT EXISTS public.cancelled; CREATE OR REPLACE FUNCTION public.sleep_until_cancelled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('application_name') LIKE 'hexclave profile %' THEN PERFORM pg_sleep(60); END IF; RETURN NULL;
    EXCEPTION WHEN query_canceled THEN IF SQLERRM LIKE '%user request%' THEN PERFORM nextval('public.cancelled'); END IF; RAISE; END $$`;

  async function makeSlow(db: Queryable, table: string): Promise<void> {
    await db.query(SLEEPER);
    await db.query(
      `CREATE TRIGGER sleeper AFTER UPDATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION public.sleep_until_cancelled()`,
    );
    onTestFinished(
      async () => void (await db.query(`DROP TRIGGER sleeper ON ${table}; DROP SEQUENCE public.cancelled`)),
    );
  }
  const wasCancelled = async (db: Queryable) =>
    (await db.query<{ is: boolean }>('SELECT is_called AS is FROM public.cancelled'))[0]?.is === true;

  test.each([
    ['internal', '"ProjectUser"', () => hexclave.db],
    ['external', 'hexclave.users', () => external.database.db],
  ])('in the %s database when its caller hangs up', async (_side, table, database) => {
    const db = database();
    await makeSlow(db, table);
    for (const accept of ['application/json', 'text/event-stream']) {
      await db.query('ALTER SEQUENCE public.cancelled RESTART');
      const caller = new AbortController();
      const asked = fetch(`${hexclave.server.url}/api/v1${PROFILE_PATH}`, {
        method: 'POST',
        headers: { ...headersFor(project.keys, 'admin'), 'content-type': 'application/json', accept },
        body: JSON.stringify({ external_database_id: 'main', mapping: 'users', fire_triggers: true }),
        signal: caller.signal,
      });
      const answered = asked.then((response) => response.text()).catch((error: Error) => error.name);
      await waitUntil(() => isProfiled(db, 'PgSleep'), { describe: 'the statement to sleep', intervalMs: 10 });
      caller.abort();
      expect(await answered).toBe('AbortError');
      await waitUntil(() => wasCancelled(db), { describe: `the statement to be cancelled, ${accept}` });
      await waitUntil(async () => !(await isProfiled(db)), { describe: 'nothing more to be run' });
    }
    expect(hexclave.server.output()).not.toContain('request failed');
    const { items } = await succeed(project.admin.get('/internal/audit-log?action=sync.profile&limit=1'));
    expect(items).toMatchObject([{ external_database_id: 'main', result: 'failed', after: { fire_triggers: true } }]);
  });

  test('when its server stops, which does not wait for it', async () => {
    const { db } = external.database;
    await makeSlow(db, 'hexclave.users');
    const leaving = await hexclave.startServer({ runLoops: false });
    const answered = fetch(`${leaving.url}/api/v1${PROFILE_PATH}`, {
      method: 'POST',
      headers: { ...headersFor(project.keys, 'admin'), 'content-type': 'application/json' },
      body: JSON.stringify({ external_database_id: 'main', mapping: 'users', fire_triggers: true }),
    });
    await waitUntil(() => isProfiled(db, 'PgSleep'), { describe: 'the statement to sleep', intervalMs: 10 });
    expect(await hexclave.stop(leaving)).toBe(0);
    expect(await wasCancelled(db)).toBe(true);
    const answer = await answered;
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'SERVICE_UNAVAILABLE' }]);
  });
});

describe('the owner’s database', () => {
  test('is not touched while it is paused, and the rest is measured all the same', async () => {
    await succeed(
      project.admin.post('/internal/external-db-sync/pause', { external_database_id: 'main', reason: 'a test' }),
    );
    const answer = await profile();
    await succeed(project.admin.post('/internal/external-db-sync/resume', { external_database_id: 'main' }));
    for (const { side, outcome, skipped } of answer.mappings[0].statements) {
      if (side === 'external') expect({ outcome, skipped }).toMatchObject({ skipped: { reason: 'PAUSED' } });
      else expect(outcome).toBe('measured');
    }
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

/** Whether a statement of a profile is under way, and waits for that. */
async function isProfiled(db: Queryable, waitsFor: string | null = null): Promise<boolean> {
  const found = await db.query(
    `SELECT 1 FROM pg_stat_activity a WHERE a.application_name LIKE 'hexclave profile %' AND a.state = 'active'
       AND a.datname = current_database() AND ($1::text IS NULL OR a.wait_event = $1)`,
    [waitsFor],
  );
  return found.length > 0;
}
