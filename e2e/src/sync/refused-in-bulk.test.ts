import { numberAll, type Page } from '@hexclave/sync';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineVia } from './engine-via.ts';
import { createHarness, type Harness, stateOf, type Target } from './harness.ts';
import { addUser, addUsers } from './rows.ts';

let harness: Harness;
let tenancy: string;
let target: Target;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
  await harness.sync(tenancy);
  await onTarget(`ALTER TABLE hexclave.users ADD CHECK (display_name <> 'bad')`);
});

afterEach(() => harness.close());

const onTarget = (sql: string) => target.database.db.query<Record<string, unknown>>(sql);

/** Syncs, and says what the target was sent. */
async function syncWatched(): Promise<{ pages: Page[]; refusals: number }> {
  const sent = { pages: [] as Page[], refusals: 0 };
  const refused = (error: unknown): never => {
    sent.refusals += 1;
    throw error;
  };
  const engine = engineVia(harness, (connection) => ({
    ...connection,
    applyPage: (table, page, from, to) => {
      sent.pages.push(page);
      return connection.applyPage(table, page, from, to);
    },
    stage: async (table, rows) => {
      const batch = await connection.stage(table, rows).catch(refused);
      return { ...batch, commit: (from, to) => batch.commit(from, to).catch(refused) };
    },
  }));
  expect(await engine.sync({ tenancyId: tenancy, maxDurationMs: 60_000 })).toEqual({ finished: true });
  return sent;
}

test('one row of a copy of large rows: pages stay small enough for memory', async () => {
  await addUsers(harness.db, tenancy, 7);
  await addUser(harness.db, tenancy, { name: 'bad' });
  await harness.db.query(
    `UPDATE "ProjectUser" SET "serverMetadata" = jsonb_build_object('large', repeat('x', 1000000))`,
  );
  await numberAll(harness.db, 100);
  await onTarget('UPDATE hexclave._hexclave_sync_metadata SET epoch = NULL');
  const { pages } = await syncWatched();
  const sizes = pages.map(({ upserts }) => JSON.stringify(upserts).length);
  expect(Math.max(...sizes)).toBeLessThan(5_000_000);
  expect(await onTarget('SELECT count(*)::int AS rows FROM hexclave.users')).toEqual([{ rows: 7 }]);
  expect((await stateOf(harness, target)).mappings.users).toMatchObject({ parkedRows: 1, phase: 'stream' });
});

test.each(['stream', 'copy'])(
  'one row of a long %s: what is before it is sent in bulk once, not again and again',
  async (phase) => {
    await addUsers(harness.db, tenancy, 1_500);
    await numberAll(harness.db, 10_000);
    await addUser(harness.db, tenancy, { name: 'bad', id: 'ffffffff-ffff-4fff-bfff-ffffffffffff' });
    await numberAll(harness.db, 100);
    if (phase === 'copy') await onTarget('UPDATE hexclave._hexclave_sync_metadata SET epoch = NULL');
    const { refusals } = await syncWatched();
    expect(refusals).toBe(1);
    expect(await onTarget('SELECT count(*)::int AS rows FROM hexclave.users')).toEqual([{ rows: 1_500 }]);
    expect((await stateOf(harness, target)).mappings.users).toMatchObject({ parkedRows: 1, phase: 'stream' });
  },
);
