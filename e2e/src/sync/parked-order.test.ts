import { numberAll } from '@hexclave/sync';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engineVia, gate } from './engine-via.ts';
import { createHarness, differences, type Harness, type Target } from './harness.ts';
import { addUser, removeUser, rename } from './rows.ts';

let harness: Harness;
let tenancy: string;
let target: Target;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
});

afterEach(() => harness.close());

const onTarget = (sql: string) => target.database.db.query<Record<string, unknown>>(sql);

describe('a parked row that is tried again while a batch with an older version of it is on its way', () => {
  test.each([
    ['changed', (user: string) => rename(harness.db, user, 'v2'), ['v1', 'v2']],
    ['deleted', (user: string) => removeUser(harness.db, user), ['v1', 'gone']],
  ])('%s once more: the older version never follows the newer one', async (_, write, expected) => {
    const user = await addUser(harness.db, tenancy, { name: 'fine' });
    await harness.sync(tenancy);
    await onTarget("ALTER TABLE hexclave.users ADD CONSTRAINT picky CHECK (display_name <> 'bad')");
    await rename(harness.db, user, 'bad');
    await harness.sync(tenancy);
    await onTarget(`ALTER TABLE hexclave.users DROP CONSTRAINT picky;
      CREATE TABLE public.seen (n serial, what text);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.seen (what) VALUES (COALESCE(NEW.display_name, 'gone')); RETURN NULL; END $$;
      CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION note();
      UPDATE hexclave._hexclave_parked_rows SET next_attempt_at = now()`);

    const [batch, retry] = [gate(), gate()];
    const slow = engineVia(harness, (connection) => ({
      ...connection,
      applyPage: async (...page) => {
        await batch.pass();
        return connection.applyPage(...page);
      },
    }));
    const retrying = engineVia(harness, (connection) => ({
      ...connection,
      dueParkedRows: async (table, limit) => {
        if (table.mapping === 'users') await retry.pass();
        return connection.dueParkedRows(table, limit);
      },
    }));
    const retried = retrying.sync({ tenancyId: tenancy, externalDatabaseId: 'main', maxDurationMs: 20_000 });
    await retry.arrived;
    await rename(harness.db, user, 'v1');
    await numberAll(harness.db, 20_000);
    const applied = slow.sync({ tenancyId: tenancy, maxDurationMs: 20_000 });
    await batch.arrived;
    await write(user);
    retry.open();
    await retried;
    batch.open();
    await applied;
    await harness.sync(tenancy);
    expect(await differences(harness, target)).toEqual([]);
    const seen = await onTarget('SELECT what FROM public.seen ORDER BY n');
    expect(seen.map(({ what }) => what)).toEqual(expected);
  });
});
