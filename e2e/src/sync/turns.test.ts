import { setTimeout as delay } from 'node:timers/promises';
import { numberAll } from '@hexclave/sync';
import { waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineVia, gate } from './engine-via.ts';
import { createHarness, type Harness, type Target } from './harness.ts';
import { addUser, rename } from './rows.ts';

/** For longer than a run believes what it has read of the configuration. */
const DOUBTED_MS = 1_100;

let harness: Harness;
let tenancy: string;
let target: Target;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
});

afterEach(() => harness.close());

test.each([
  ['paused', `UPDATE "ExternalDatabase" SET "paused" = true`],
  ['repointed', `UPDATE "ExternalDatabase" SET "schemaName" = 'elsewhere', "generation" = "generation" + 1`],
])('a run that waits for its turn while the external database is %s does not begin', async (_, change) => {
  const user = await addUser(harness.db, tenancy, { name: 'v0' });
  await harness.sync(tenancy);
  const page = gate();
  const seen = { situations: 0, connections: 0 };
  const engine = engineVia(
    harness,
    (connection) => {
      seen.connections += 1;
      const applyPage: typeof connection.applyPage = async (...args) => {
        await page.pass();
        return connection.applyPage(...args);
      };
      return { ...connection, applyPage };
    },
    (db) => ({
      ...db,
      queryPrepared: async <Row extends object>(text: string, values: readonly unknown[]) => {
        const rows = await db.queryPrepared<Row>(text, values);
        if (text.includes('"global_seq_id"')) seen.situations += 1;
        return rows;
      },
    }),
  );
  const sync = () => engine.sync({ tenancyId: tenancy, maxDurationMs: 20_000 });
  const renamed = async (name: string) => {
    await rename(harness.db, user, name);
    await numberAll(harness.db, 100);
  };
  await renamed('v1');
  const first = sync();
  await page.arrived;
  const second = sync();
  await waitUntil(() => seen.situations === 2, { describe: 'the second run to wait for its turn' });
  await harness.db.query(change);
  await renamed('v2');
  await delay(DOUBTED_MS);
  page.open();
  expect([await first, await second]).toEqual([{ finished: true }, { finished: false }]);
  expect(await target.database.db.query('SELECT display_name AS name FROM hexclave.users')).toEqual([{ name: 'v1' }]);
  expect(seen.connections).toBe(1);
});
