import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHarness, differences, type Harness, type Target } from './harness.ts';
import { addEmail, addTeam, addUser, addUsers, removeUser, rename } from './rows.ts';

let harness: Harness;
let tenancy: string;
let target: Target;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
});

afterEach(() => harness.close());

const names = () =>
  target.database.db.query<{ id: string; name: string }>(
    'SELECT id, display_name AS name FROM hexclave.users ORDER BY 2, 1',
  );

async function expectEqual(): Promise<void> {
  expect(await differences(harness, target)).toEqual([]);
  expect(harness.failures).toEqual([]);
}

describe('one key, deleted and created again, ends present', () => {
  test('with a sync after each step', async () => {
    const id = await addUser(harness.db, tenancy, { name: 'first' });
    await harness.sync(tenancy);
    await removeUser(harness.db, id);
    await harness.sync(tenancy);
    expect(await names()).toEqual([]);
    await addUser(harness.db, tenancy, { id, name: 'second' });
    await harness.sync(tenancy);
    expect(await names()).toEqual([{ id, name: 'second' }]);
    await expectEqual();
  });

  test('between two syncs, numbered in between', async () => {
    const id = await addUser(harness.db, tenancy, { name: 'first' });
    await harness.sync(tenancy);
    await removeUser(harness.db, id);
    await harness.db.query('SELECT * FROM "backfill_null_sequence_ids"()');
    await addUser(harness.db, tenancy, { id, name: 'second' });
    await harness.sync(tenancy);
    expect(await names()).toEqual([{ id, name: 'second' }]);
    await expectEqual();
  });

  test('in one transaction', async () => {
    const id = await addUser(harness.db, tenancy, { name: 'first' });
    await harness.sync(tenancy);
    await harness.db.transaction(async (tx) => {
      await removeUser(tx, id);
      await addUser(tx, tenancy, { id, name: 'second' });
    });
    await harness.sync(tenancy);
    expect(await names()).toEqual([{ id, name: 'second' }]);
    await expectEqual();
  });

  test('when the tombstone gets a larger number than the row that lives again', async () => {
    const id = await addUser(harness.db, tenancy, { name: 'first' });
    await harness.sync(tenancy);
    await harness.db.transaction(async (tx) => {
      await removeUser(tx, id);
      await addUser(tx, tenancy, { id, name: 'second' });
    });
    await harness.db.query('UPDATE "DeletedRow" SET "shouldUpdateSequenceId" = false');
    await harness.db.query('SELECT * FROM "backfill_null_sequence_ids"()');
    await harness.db.query('UPDATE "DeletedRow" SET "shouldUpdateSequenceId" = true');
    await harness.sync(tenancy);
    expect(await names()).toEqual([{ id, name: 'second' }]);
    await expectEqual();
  });
});

describe('one key, created and deleted, ends absent', () => {
  test('before the first sync', async () => {
    await removeUser(harness.db, await addUser(harness.db, tenancy));
    await harness.sync(tenancy);
    expect(await names()).toEqual([]);
    await expectEqual();
  });

  test('between two syncs, and in one transaction', async () => {
    await harness.sync(tenancy);
    await removeUser(harness.db, await addUser(harness.db, tenancy));
    await harness.db.transaction(async (tx) => removeUser(tx, await addUser(tx, tenancy)));
    await harness.sync(tenancy);
    expect(await names()).toEqual([]);
    await expectEqual();
  });
});

test.each([249, 250, 251, 500, 2_300])(
  '%i deletes and as many survivors, at the boundaries of pages',
  async (count) => {
    await addUsers(harness.db, tenancy, 2 * count);
    await harness.sync(tenancy);
    await harness.db.query(
      `DELETE FROM "ProjectUser" WHERE "projectUserId" IN (SELECT "projectUserId" FROM "ProjectUser" ORDER BY "projectUserId" LIMIT $1)`,
      [count],
    );
    await harness.sync(tenancy);
    expect(await names()).toHaveLength(count);
    await expectEqual();
  },
);

test('deletes interleaved with inserts and updates over several pages and bulk batches', async () => {
  await addUsers(harness.db, tenancy, 1_500);
  await harness.sync(tenancy);
  await harness.db.query(`DELETE FROM "ProjectUser" WHERE ("clientMetadata" ->> 'n')::int % 3 = 0`);
  await harness.db.query(
    `UPDATE "ProjectUser" SET "displayName" = 'changed' WHERE ("clientMetadata" ->> 'n')::int % 3 = 1`,
  );
  await addUsers(harness.db, tenancy, 700);
  await harness.sync(tenancy);
  await expectEqual();
});

test('deletes in small steps between numberings, so that tombstones and rows alternate', async () => {
  await addUsers(harness.db, tenancy, 600);
  await harness.sync(tenancy);
  for (let step = 0; step < 6; step++) {
    await harness.db.query(
      `DELETE FROM "ProjectUser" WHERE ("clientMetadata" ->> 'n')::int % 100 BETWEEN $1 AND $1 + 4`,
      [step * 10],
    );
    await harness.db.query(
      `UPDATE "ProjectUser" SET "displayName" = 'step ' || $1 WHERE ("clientMetadata" ->> 'n')::int % 7 = $1::int`,
      [step],
    );
    await harness.db.query('SELECT * FROM "backfill_null_sequence_ids"()');
  }
  await harness.sync(tenancy);
  await expectEqual();
});

test('the same e-mail again, after its user was deleted', async () => {
  const email = 'once@example.com';
  const first = await addUser(harness.db, tenancy);
  await addEmail(harness.db, tenancy, first, { value: email });
  await harness.sync(tenancy);
  const { db } = target.database;
  await db.query('ALTER TABLE hexclave.users ADD UNIQUE (primary_email)');
  await removeUser(harness.db, first);
  const second = await addUser(harness.db, tenancy);
  await addEmail(harness.db, tenancy, second, { value: email });
  await harness.sync(tenancy);
  expect(await db.query('SELECT id, primary_email FROM hexclave.users')).toEqual([
    { id: second, primary_email: email },
  ]);
  await expectEqual();
});

test('a new key, a swap of two keys, and a row that moves to another tenancy', async () => {
  const elsewhere = await harness.addTenancy();
  const there = await harness.addTarget(elsewhere, 'there');
  const [one, two, moving] = [
    await addUser(harness.db, tenancy, { name: 'one' }),
    await addUser(harness.db, tenancy, { name: 'two' }),
    await addUser(harness.db, tenancy, { name: 'moving' }),
  ];
  await harness.sync(tenancy);
  await harness.sync(elsewhere);
  const through = randomUUID();
  const rekey = (from: string, to: string) =>
    harness.db.query('UPDATE "ProjectUser" SET "projectUserId" = $2 WHERE "projectUserId" = $1', [from, to]);
  await rekey(one, through);
  await rekey(two, one);
  await rekey(through, two);
  await harness.db.query('UPDATE "ProjectUser" SET "tenancyId" = $1 WHERE "projectUserId" = $2', [elsewhere, moving]);
  await harness.sync(tenancy);
  await harness.sync(elsewhere);
  expect(await names()).toEqual([
    { id: two, name: 'one' },
    { id: one, name: 'two' },
  ]);
  expect(await there.database.db.query('SELECT id FROM hexclave.users')).toEqual([{ id: moving }]);
  expect(await differences(harness, there)).toEqual([]);
  await expectEqual();
});

test('TRUNCATE and cascades', async () => {
  await addUsers(harness.db, tenancy, 300);
  for (let count = 0; count < 5; count++) {
    const user = await addUser(harness.db, tenancy);
    await addEmail(harness.db, tenancy, user);
    await harness.db.query('INSERT INTO "TeamMember" ("tenancyId", "teamId", "projectUserId") VALUES ($1, $2, $3)', [
      tenancy,
      await addTeam(harness.db, tenancy),
      user,
    ]);
  }
  await harness.sync(tenancy);
  await harness.db.query('TRUNCATE "ContactChannel"');
  await harness.sync(tenancy);
  await expectEqual();
  await harness.db.query('TRUNCATE "ProjectUser" CASCADE');
  await harness.sync(tenancy);
  expect(await names()).toEqual([]);
  await expectEqual();
});

test('last write wins, however often a row changes between two syncs', async () => {
  const id = await addUser(harness.db, tenancy, { name: 'v0' });
  await harness.sync(tenancy);
  for (let version = 1; version <= 5; version++) {
    await rename(harness.db, id, `v${version}`);
    if (version % 2 === 0) await harness.db.query('SELECT * FROM "backfill_null_sequence_ids"()');
  }
  await harness.sync(tenancy);
  expect(await names()).toEqual([{ id, name: 'v5' }]);
});
