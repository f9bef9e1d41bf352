import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { environmentForChild } from '@hexclave/env';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { succeed } from '../support/api-client.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import { type ExternalDatabase, type Project, pathOf } from './support/project.ts';

const VERIFY = '/internal/external-db-sync/verify';
const RESYNC = '/internal/external-db-sync/resync';
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

let hexclave: Installation;
let project: Project;

beforeAll(async () => {
  hexclave = await createInstallation();
});

afterAll(() => hexclave.close());

beforeEach(async () => {
  project = await hexclave.createProject();
});

const createUser = async (name: string): Promise<string> =>
  (await succeed(project.api.post('/users', { display_name: name }))).id;

async function copied(users: readonly string[], config: Record<string, unknown> = {}) {
  const ids: string[] = [];
  for (const name of users) ids.push(await createUser(name));
  const external = await project.addExternalDatabase({ config });
  const arrived = async () => (await onTarget(external, 'SELECT 1 FROM hexclave.users')).length === ids.length;
  await waitUntil(arrived, { timeoutMs: 30_000, describe: 'the users to be copied' });
  await project.settled();
  return { ids, external };
}

const onTarget = ({ database }: ExternalDatabase, sql: string, values?: unknown[]) =>
  database.db.query<Record<string, unknown>>(sql, values);

/** Asks as an owner does, and waits as an owner does. */
async function verify(body: Record<string, unknown> = {}) {
  const { id } = await succeed(project.admin.post(VERIFY, { external_database_id: 'main', ...body }));
  return waitUntil(
    async () => {
      const run = await succeed(project.admin.get(`${VERIFY}/${id}`));
      return ['finished', 'failed'].includes(run.state) ? run : undefined;
    },
    { timeoutMs: 30_000, intervalMs: 50, describe: 'the verification to end' },
  );
}

describe('a verification', () => {
  test('that is asked for finds what was tampered with, and with repair puts it right', async () => {
    const { ids, external } = await copied(['ada', 'eva']);
    await onTarget(external, "UPDATE hexclave.users SET display_name = 'secret value' WHERE id = $1", [ids[0]]);
    const found = await verify();
    expect(found).toMatchObject({
      ...{ state: 'finished', repair: false, mapping: null, error: null, rows_compared: 2, rows_expected: 2, turns: 1 },
      requested_by: project.keys.keySetId,
      differences: [{ mapping: 'users', kind: 'different', key: [ids[0]], outcome: 'found' }],
    });
    expect(JSON.stringify(found)).not.toContain('secret value');
    expect(JSON.stringify(found)).not.toContain('ada');
    const healed = await verify({ repair: true, mapping: 'users' });
    expect(healed.mappings).toMatchObject([
      { mapping: 'users', state: 'verified', different: 1, repaired: 1, remaining: 0 },
    ]);
    await project.converged(external);
    const list = await succeed(project.admin.get(VERIFY));
    expect(list.items.map((run: { id: string }) => run.id)).toEqual([healed.id, found.id]);
    const users = list.mappings.find((one: { mapping: string }) => one.mapping === 'users');
    expect(users).toMatchObject({ differing_rows: 0, repaired_rows: 1, error: { code: 'TARGET_ROWS_REPAIRED' } });
    expect(users.verified_through_millis).toBeGreaterThan(Date.now() - 60_000);
  });

  test('is refused with a known error: unknown database, unknown table, paused, another one under way, a weaker key', async () => {
    const { external } = await copied(['ada'], { tables: { teams: { enabled: false } } });
    const post = (body: Record<string, unknown>) =>
      project.admin.post(VERIFY, { external_database_id: 'main', ...body });
    const codeOf = async (answer: ReturnType<typeof post>) => {
      const { status, body } = await answer;
      return [status, body.code];
    };
    expect(await codeOf(post({ external_database_id: 'other' }))).toEqual([404, 'EXTERNAL_DATABASE_NOT_FOUND']);
    expect(await codeOf(post({ mapping: 'nothing' }))).toEqual([400, 'MAPPING_NOT_COPIED']);
    expect(await codeOf(post({ mapping: 'teams' }))).toEqual([400, 'MAPPING_NOT_COPIED']);
    expect(await codeOf(post({ repair: 'yes' }))).toEqual([400, 'SCHEMA_ERROR']);
    expect(await codeOf(project.api.post(VERIFY, { external_database_id: 'main' }))).toEqual([
      401,
      'INSUFFICIENT_ACCESS_TYPE',
    ]);
    await hexclave.db.query(
      `INSERT INTO "VerificationRun" ("tenancyId", "externalDatabaseId", "repair", "state", "leaseExpiresAt") VALUES ($1, 'main', false, 'running', 'infinity')`,
      [external.tenancyId],
    );
    expect(await codeOf(post({}))).toEqual([409, 'VERIFICATION_UNDER_WAY']);
    await project.configure({ [`${pathOf('main')}.paused`]: true });
    expect(await codeOf(post({ repair: true }))).toEqual([409, 'EXTERNAL_DATABASE_PAUSED']);
    const stranger = await hexclave.createProject();
    const { id } = (await succeed(project.admin.get(VERIFY))).items[0];
    expect(await codeOf(stranger.admin.get(`${VERIFY}/${id}`))).toEqual([404, 'VERIFICATION_NOT_FOUND']);
  });

  test('whose server is killed is taken up by another one', async () => {
    const { ids, external } = await copied(['ada', 'eva']);
    await onTarget(external, 'DELETE FROM hexclave.users WHERE id = $1', [ids[1]]);
    const { id } = await succeed(project.admin.post(VERIFY, { external_database_id: 'main', repair: true }));
    await hexclave.kill(hexclave.server);
    // As if it had been killed in the middle of it, if it was not.
    await hexclave.db.query(
      `UPDATE "VerificationRun" SET "state" = 'running', "leaseExpiresAt" = now(), "claimToken" = gen_random_uuid(), "finishedAt" = NULL WHERE "id" = $1`,
      [id],
    );
    await hexclave.startServer();
    const ended = async () => (await succeed(project.admin.get(`${VERIFY}/${id}`))).state === 'finished';
    await waitUntil(ended, { timeoutMs: 30_000, describe: 'the run to be taken up' });
    await project.converged(external);
  });

  test('is also driven by a cron route', async () => {
    const server = await hexclave.startServer({ runLoops: false });
    const { external } = await copied(['ada']);
    await onTarget(external, 'DELETE FROM hexclave.users');
    const { id } = await succeed(project.admin.post(VERIFY, { external_database_id: 'main', repair: true }));
    expect((await hexclave.cron(server, 'verifier', 1_000)).status).toBe(200);
    const ended = async () => (await succeed(project.admin.get(`${VERIFY}/${id}`))).state === 'finished';
    await waitUntil(ended, { timeoutMs: 30_000, describe: 'the run to end' });
    await project.converged(external);
    await hexclave.stop(server);
  });
});

describe('hexclave db-sync verify', () => {
  async function run(...args: string[]): Promise<{ code: number; output: string }> {
    const child = spawn(process.execPath, ['apps/cli/bin/hexclave.mjs', 'db-sync', 'verify', ...args], {
      cwd: ROOT,
      env: environmentForChild({
        HEXCLAVE_API_URL: hexclave.server.url,
        HEXCLAVE_PROJECT_ID: project.keys.projectId,
        HEXCLAVE_SUPER_SECRET_ADMIN_KEY: project.keys.superSecretAdminKey,
      }),
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  }

  test('says what differs, by its exit code too, repairs, and explains what went wrong', async () => {
    const { ids, external } = await copied(['ada']);
    await onTarget(external, 'DELETE FROM hexclave.users');
    expect(await run('main')).toEqual({
      code: 1,
      output: expect.stringMatching(new RegExp(`✗ 1 row: 1 missing[^]*${ids[0]}: missing, found[^]*--repair`)),
    });
    expect(await run('main', '--repair', '--mapping', 'users')).toEqual({
      code: 0,
      output: expect.stringContaining('✓ 1 row: 1 missing, 1 repaired'),
    });
    const { code, output } = await run('other', '--json');
    expect(code).toBe(5);
    expect(JSON.parse(output)).toMatchObject({ error: { code: 'EXTERNAL_DATABASE_NOT_FOUND' } });
  });
});

describe('a resync', () => {
  const copyState = async (external: ExternalDatabase) =>
    Object.fromEntries(
      (
        await onTarget(
          external,
          'SELECT mapping_name AS mapping, declaration_hash AS hash, copy_progress AS copy FROM hexclave._hexclave_sync_metadata',
        )
      ).map(({ mapping, hash, copy }) => [mapping, { hash, copy }]),
    );

  test('of one table copies it anew while it is written to; readers never see fewer rows, other tables are left alone', async () => {
    const external = await project.addExternalDatabase();
    await project.converged(external);
    await hexclave.db.query(
      `INSERT INTO "ProjectUser" ("tenancyId", "displayName") SELECT $1, 'user ' || n FROM generate_series(1, 8000) n`,
      [project.tenancyId],
    );
    await project.converged(external);
    const before = await copyState(external);
    await onTarget(
      external,
      `UPDATE hexclave.users SET display_name = 'tampered' WHERE id IN (SELECT id FROM hexclave.users LIMIT 50)`,
    );
    await onTarget(
      external,
      `INSERT INTO hexclave.users SELECT gen_random_uuid(), 'stray', NULL, NULL, false, now(), NULL, NULL, NULL, false FROM generate_series(1, 5)`,
    );
    let fewest = Number.POSITIVE_INFINITY;
    let done = false;
    const reading = (async () => {
      while (!done) {
        const [row] = await onTarget(
          external,
          "SELECT count(*)::int AS n FROM hexclave.users WHERE display_name <> 'stray'",
        );
        fewest = Math.min(fewest, Number(row?.n));
      }
    })();
    const writing = (async () => {
      for (let count = 0; !done; count++) await createUser(`new ${count}`);
    })();
    expect(await succeed(project.admin.post(RESYNC, { external_database_id: 'main', mapping: 'users' }))).toEqual({
      mappings: ['users'],
    });
    await waitUntil(
      async () => {
        const { users } = await copyState(external);
        return users?.hash !== before.users?.hash && users?.copy === null;
      },
      { timeoutMs: 30_000, describe: 'the new copy to be done' },
    ).finally(() => {
      done = true;
    });
    await Promise.all([reading, writing]);
    await project.converged(external);
    const after = await copyState(external);
    expect(fewest).toBeGreaterThanOrEqual(8_000);
    expect({ ...after, users: before.users }).toEqual(before);
  });

  test('of a whole database names what is copied, heals, can be asked for again, and is refused for one that is not there', async () => {
    const { external } = await copied(['ada'], { tables: { teams: { enabled: false } } });
    const copiedAnew = async () => (await copyState(external)).users?.hash;
    for (const _time of ['once', 'again']) {
      const before = await copiedAnew();
      await onTarget(external, 'DELETE FROM hexclave.users');
      const { mappings } = await succeed(project.admin.post(RESYNC, { external_database_id: 'main' }));
      expect(mappings).toEqual(['users', 'contact_channels', 'team_member_profiles']);
      await waitUntil(async () => (await copiedAnew()) !== before, {
        timeoutMs: 30_000,
        describe: 'the copy to begin',
      });
      await waitUntil(async () => (await onTarget(external, 'SELECT 1 FROM hexclave.users')).length === 1, {
        ...{ timeoutMs: 30_000, describe: 'the row to be back' },
      });
    }
    expect((await project.admin.post(RESYNC, { external_database_id: 'other' })).body.code).toBe(
      'EXTERNAL_DATABASE_NOT_FOUND',
    );
  });
});
