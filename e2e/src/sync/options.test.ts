import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  converged,
  createHarness,
  differences,
  type Harness,
  reconfigure,
  stateOf,
  type Target,
  type TargetOptions,
} from './harness.ts';
import { addTeam, addUser, addUsers, removeUser, rename } from './rows.ts';

let harness: Harness;
let tenancy: string;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
});

afterEach(() => harness.close());

const rowsOf = (target: Target, table: string) =>
  target.database.db.query<Record<string, unknown>>(`SELECT * FROM "${target.schema}"."${table}"`);
const names = async (target: Target) => (await rowsOf(target, 'users')).map((row) => row.display_name).sort();

async function expectEqual(target: Target, options: TargetOptions = {}): Promise<void> {
  expect(await differences(harness, target, options)).toEqual([]);
}

describe('who owns a schema', () => {
  test('the internal database itself is refused, whatever it is called', async () => {
    const target = await harness.addTarget(tenancy, 'self', { database: harness.internal });
    await harness.sync(tenancy);
    expect((await stateOf(harness, target)).database?.errorCode).toBe('TARGET_IS_INTERNAL_DATABASE');
    expect(await harness.db.query("SELECT 1 FROM pg_namespace WHERE nspname = 'hexclave'")).toEqual([]);
  });

  test('another tenancy is refused, and nothing is mixed', async () => {
    const mine = await harness.addTarget(tenancy);
    await addUser(harness.db, tenancy, { name: 'mine' });
    await harness.sync(tenancy);
    const other = await harness.addTenancy();
    await addUser(harness.db, other, { name: 'theirs' });
    const theirs = await harness.addTarget(other, 'main', { database: mine.database });
    await harness.sync(other);
    expect((await stateOf(harness, theirs)).database?.errorCode).toBe('TARGET_OWNED_BY_ANOTHER_PROJECT');
    expect(await names(mine)).toEqual(['mine']);
    await harness.sync(other, harness.newEngine());
    await expectEqual(mine);
    await reconfigure(harness, theirs, { schema: 'another' });
    await harness.syncAgain(other);
    await expectEqual({ ...theirs, schema: 'another' });
    await expectEqual(mine);
  });

  test('so is another external database of the same tenancy', async () => {
    const first = await harness.addTarget(tenancy, 'first');
    await harness.sync(tenancy);
    const second = await harness.addTarget(tenancy, 'second', { database: first.database });
    await harness.sync(tenancy);
    expect((await stateOf(harness, second)).database?.errorCode).toBe('TARGET_OWNED_BY_ANOTHER_PROJECT');
    expect((await stateOf(harness, first)).database?.errorCode).toBeNull();
  });

  test('two tenancies that meet a new schema at the same moment: one wins, the other is refused', async () => {
    const mine = await harness.addTarget(tenancy);
    const other = await harness.addTenancy();
    const theirs = await harness.addTarget(other, 'main', { database: mine.database });
    await addUser(harness.db, tenancy, { name: 'mine' });
    await addUser(harness.db, other, { name: 'theirs' });
    await Promise.all([harness.sync(tenancy, harness.newEngine()), harness.sync(other, harness.newEngine())]);
    for (let round = 0; round < 3; round++) {
      await harness.syncAgain(tenancy);
      await harness.syncAgain(other);
    }
    const codes = [await stateOf(harness, mine), await stateOf(harness, theirs)].map(
      ({ database }) => database?.errorCode,
    );
    expect(codes).toContain('TARGET_OWNED_BY_ANOTHER_PROJECT');
    expect(await names(mine)).toHaveLength(1);
  });

  test('a renamed external database takes over, without a new copy, and a later one of the old name does not disturb it', async () => {
    const before = await harness.addTarget(tenancy, 'before');
    const user = await addUser(harness.db, tenancy, { name: 'v0' });
    await harness.sync(tenancy);
    await before.database.db.query(`CREATE TABLE public.writes (n int); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO public.writes VALUES (1); RETURN NULL; END $$; CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION note()`);
    await harness.db.query('DELETE FROM "ExternalDatabase" WHERE "id" = $1', ['before']);
    const after = await harness.addTarget(tenancy, 'after', { database: before.database });
    await harness.sync(tenancy);
    expect(await before.database.db.query('TABLE public.writes')).toEqual([]);
    await harness.addTarget(tenancy, 'before');
    await rename(harness.db, user, 'v1');
    await harness.sync(tenancy, harness.newEngine());
    expect(harness.failures).toEqual([]);
    await expectEqual(after);
  });

  test('a database that is repointed in the middle of a copy goes on in the new place', async () => {
    let target = await harness.addTarget(tenancy);
    const old = target;
    await addUsers(harness.db, tenancy, 30_000);
    harness.start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const next = await harness.addTenancy();
    const place = await harness.addTarget(next, 'spare');
    await harness.db.query('DELETE FROM "ExternalDatabase" WHERE "id" = $1', ['spare']);
    target = await reconfigure(harness, target, { database: place.database, schema: 'moved' });
    await converged(harness, target, 30_000);
    expect(old.database.name).not.toBe(target.database.name);
  });
});

describe('configured per database', () => {
  test('paused: nothing arrives; after that, everything', async () => {
    const target = await harness.addTarget(tenancy);
    const user = await addUser(harness.db, tenancy, { name: 'v0' });
    await harness.sync(tenancy);
    await harness.db.query('UPDATE "ExternalDatabase" SET "paused" = true');
    await rename(harness.db, user, 'v1');
    await harness.sync(tenancy);
    expect(await names(target)).toEqual(['v0']);
    await harness.db.query('UPDATE "ExternalDatabase" SET "paused" = false');
    await harness.sync(tenancy);
    expect(await names(target)).toEqual(['v1']);
  });

  test('soft deletes keep rows with the time, and a row that lives again is alive', async () => {
    const options = { deleteMode: 'soft' } as const;
    const target = await harness.addTarget(tenancy, 'main', options);
    const [gone, back] = [
      await addUser(harness.db, tenancy, { name: 'gone' }),
      await addUser(harness.db, tenancy, { name: 'back' }),
    ];
    await addUsers(harness.db, tenancy, 400);
    await harness.sync(tenancy);
    await removeUser(harness.db, gone);
    await removeUser(harness.db, back);
    await harness.db.query(`DELETE FROM "ProjectUser" WHERE "displayName" LIKE 'user %'`);
    await harness.sync(tenancy);
    expect(
      await target.database.db.query('SELECT count(*)::int AS n FROM hexclave.users WHERE deleted_at IS NOT NULL'),
    ).toEqual([{ n: 402 }]);
    const [first] = await target.database.db.query<{ at: Date }>(
      'SELECT deleted_at AS at FROM hexclave.users WHERE id = $1',
      [gone],
    );
    await addUser(harness.db, tenancy, { id: back, name: 'back again' });
    await harness.sync(tenancy);
    await expectEqual(target, options);
    await target.database.db.query(`UPDATE hexclave._hexclave_sync_metadata SET epoch = NULL`);
    await harness.sync(tenancy, harness.newEngine());
    await expectEqual(target, options);
    expect(await target.database.db.query('SELECT deleted_at AS at FROM hexclave.users WHERE id = $1', [gone])).toEqual(
      [first],
    );
  });

  test('from hard to soft and back', async () => {
    let target = await harness.addTarget(tenancy);
    const user = await addUser(harness.db, tenancy);
    await addTeam(harness.db, tenancy);
    await harness.sync(tenancy);
    target = await reconfigure(harness, target, { deleteMode: 'soft' });
    await harness.sync(tenancy);
    await removeUser(harness.db, user);
    await harness.sync(tenancy);
    expect(await rowsOf(target, 'users')).toHaveLength(1);
    await expectEqual(target, { deleteMode: 'soft' });
    target = await reconfigure(harness, target, { deleteMode: 'hard' });
    await harness.sync(tenancy);
    expect(await rowsOf(target, 'users')).toHaveLength(0);
    await expectEqual(target);
  });
});

describe('configured per table', () => {
  test('another name, fewer columns, or not at all', async () => {
    const tables = {
      users: {
        targetName: 'members "quoted"'.replaceAll('"', ''),
        omitColumns: ['server_metadata', 'primary_email', 'id'],
      },
      teams: { enabled: false },
    };
    const target = await harness.addTarget(tenancy, 'main', { tables });
    await addUsers(harness.db, tenancy, 300);
    await addTeam(harness.db, tenancy);
    await harness.sync(tenancy);
    await expectEqual(target, { tables });
    const [row] = await rowsOf(target, 'members quoted');
    expect(Object.keys(row ?? {})).not.toContain('server_metadata');
    expect(Object.keys(row ?? {})).toContain('id');
    const made = await target.database.db.query(`SELECT to_regclass('hexclave.teams')::text AS teams`);
    expect(made).toEqual([{ teams: null }]);
  });

  test('a column left out later, even one that must be filled, and taken back in', async () => {
    let target = await harness.addTarget(tenancy);
    await addUsers(harness.db, tenancy, 5);
    await harness.sync(tenancy);
    const tables = { users: { omitColumns: ['signed_up_at', 'display_name'] } };
    target = await reconfigure(harness, target, { tables });
    await addUsers(harness.db, tenancy, 5);
    await harness.sync(tenancy);
    await expectEqual(target, { tables });
    target = await reconfigure(harness, target, { tables: {} });
    await harness.sync(tenancy);
    await expectEqual(target);
    expect(harness.failures).toEqual([]);
  });

  test('a mapping switched off and on again catches up, deletions included', async () => {
    let target = await harness.addTarget(tenancy);
    const user = await addUser(harness.db, tenancy, { name: 'gone' });
    await harness.sync(tenancy);
    const tables = { users: { enabled: false } };
    target = await reconfigure(harness, target, { tables });
    await removeUser(harness.db, user);
    await addUser(harness.db, tenancy, { name: 'new' });
    await harness.sync(tenancy);
    expect(await names(target)).toEqual(['gone']);
    await expectEqual(target, { tables });
    target = await reconfigure(harness, target, { tables: {} });
    await harness.sync(tenancy);
    await expectEqual(target);
  });

  test('another name later: a new table is filled', async () => {
    let target = await harness.addTarget(tenancy);
    await addUsers(harness.db, tenancy, 5);
    await harness.sync(tenancy);
    const tables = { users: { targetName: 'people' } };
    target = await reconfigure(harness, target, { tables });
    await harness.sync(tenancy);
    await expectEqual(target, { tables });
  });
});

test('a tenancy that is deleted while it is synced: the engine ends cleanly', async () => {
  await harness.addTarget(tenancy);
  await addUsers(harness.db, tenancy, 20_000);
  harness.start();
  await new Promise((resolve) => setTimeout(resolve, 400));
  await harness.db.query('DELETE FROM "Project" WHERE "id" = $1', [tenancy]);
  const other = await harness.addTenancy();
  const healthy = await harness.addTarget(other, 'healthy');
  await addUser(harness.db, other);
  await converged(harness, healthy);
  expect(harness.failures).toEqual([]);
});
