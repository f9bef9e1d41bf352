import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, type Database } from '@hexclave/db';
import { postgresDestination } from '@hexclave/destination-postgres';
import { createEngine, numberAll, type SyncOutcome } from '@hexclave/sync';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createHarness, type Harness, type Target } from './harness.ts';
import { addUser, rename } from './rows.ts';

/** For longer than a run believes what it has read of the configuration. */
const DOUBTED_MS = 1_100;

let harness: Harness;
let tenancy: string;
let target: Target;
let db: Database;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
  db = createDatabase({ connectionString: harness.internal.connectionString, max: 4 });
});

afterEach(async () => {
  await harness.close();
  await db.end();
});

function moment() {
  let come = () => {};
  const reached = new Promise<void>((resolve) => {
    come = resolve;
  });
  return { come: () => come(), reached };
}

test.each([
  ['paused', `UPDATE "ExternalDatabase" SET "paused" = true`],
  ['repointed', `UPDATE "ExternalDatabase" SET "schemaName" = 'elsewhere', "generation" = "generation" + 1`],
])('a run that waits for its turn while the external database is %s does not begin', async (_, change) => {
  const user = await addUser(harness.db, tenancy, { name: 'v0' });
  await harness.sync(tenancy);
  const held = moment();
  const arrived = moment();
  const waiting = moment();
  let runs = 0;
  let connects = 0;
  const destination = postgresDestination({ allowPrivateHosts: true, connectTimeoutMs: 3_000 });
  const engine = createEngine({
    db: {
      ...db,
      queryPrepared: async (text, values) => {
        const rows = await db.queryPrepared(text, values);
        if (text.includes('"global_seq_id"') && ++runs === 2) waiting.come();
        return rows as never;
      },
    },
    catalog: harness.catalog,
    connect: async (database, owner) => {
      connects += 1;
      const where = JSON.parse(database.connectionCiphertext.toString('utf8'));
      const connection = await destination.connect(where, database.schemaName, owner);
      return {
        ...connection,
        applyPage: async (...page) => {
          arrived.come();
          await held.reached;
          return connection.applyPage(...page);
        },
      };
    },
  });
  onTestFinished(() => engine.close());
  const sync = () => engine.sync({ tenancyId: tenancy, maxDurationMs: 20_000 });
  const renamed = async (name: string) => {
    await rename(harness.db, user, name);
    await numberAll(harness.db, 100);
  };
  const outcomes: Promise<SyncOutcome>[] = [];
  await renamed('v1');
  outcomes.push(sync());
  await arrived.reached;
  outcomes.push(sync());
  await waiting.reached;
  await harness.db.query(change);
  await renamed('v2');
  await delay(DOUBTED_MS);
  held.come();
  expect(await Promise.all(outcomes)).toEqual([{ finished: true }, { finished: false }]);
  expect(await target.database.db.query('SELECT display_name AS name FROM hexclave.users')).toEqual([{ name: 'v1' }]);
  expect(connects).toBe(1);
});
