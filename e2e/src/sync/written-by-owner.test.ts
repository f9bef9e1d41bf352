import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHarness, differences, type Harness, stateOf, type Target } from './harness.ts';
import { addUser, rename } from './rows.ts';

const SOME_ID = '00000000-0000-4000-8000-000000000001';

let harness: Harness;
let tenancy: string;
let target: Target;
let user: string;

beforeAll(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
  user = await addUser(harness.db, tenancy);
  await harness.sync(tenancy);
});

beforeEach(() => {
  harness.failures.length = 0;
});

afterAll(() => harness.close());

const onTarget = (sql: string, values?: unknown[]) => target.database.db.query<Record<string, unknown>>(sql, values);
const stateOfUsers = async () => (await stateOf(harness, target)).mappings.users;

async function expectHealthy(): Promise<void> {
  expect(harness.failures).toEqual([]);
  expect(await differences(harness, target)).toEqual([]);
  expect(await stateOfUsers()).toMatchObject({ parkedRows: 0, errorCode: null });
}

describe('what the owner of a target writes among the positions causes a new copy, nothing worse', () => {
  const copying = (after: unknown, more: object = {}) =>
    `copy_progress = '${JSON.stringify({ after, fresh: false, ...more })}'`;

  test.each([
    [`copy_progress = 'null'`],
    [`copy_progress = '"text"'`],
    [`copy_progress = '{}'`],
    [copying('text')],
    [copying([])],
    [copying([null])],
    [copying([['nested']])],
    [copying(['no uuid'])],
    [copying([SOME_ID, SOME_ID])],
    [copying(null, { fresh: 'yes' })],
    [copying(null, { more: true })],
    ['last_synced_sequence_id = NULL'],
  ])('%s', async (change) => {
    await onTarget('ALTER TABLE hexclave._hexclave_sync_metadata ALTER last_synced_sequence_id DROP NOT NULL');
    const engine = harness.newEngine();
    // One that finds it when it connects, and one that is connected.
    for (const name of ['renamed', 'renamed again']) {
      await onTarget(`UPDATE hexclave._hexclave_sync_metadata SET ${change} WHERE mapping_name = 'users'`);
      await rename(harness.db, user, name);
      await addUser(harness.db, tenancy);
      await harness.sync(tenancy, engine);
      await expectHealthy();
    }
  });
});

describe('what the owner of a target writes among the parked rows', () => {
  /** As the request that parked rows are tried again by, in a process that may be another one. */
  const retry = () =>
    harness.newEngine().sync({ tenancyId: tenancy, externalDatabaseId: 'main', maxDurationMs: 20_000 });
  const refuse = async () => {
    await onTarget(`ALTER TABLE hexclave.users ADD CONSTRAINT picky CHECK (display_name NOT LIKE 'bad%') NOT VALID`);
    await rename(harness.db, user, `bad ${randomUUID()}`);
    await harness.sync(tenancy);
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 1 });
  };
  const accept = async () => {
    await onTarget(`ALTER TABLE hexclave.users DROP CONSTRAINT picky`);
    await rename(harness.db, user, 'good');
    await harness.sync(tenancy);
  };

  test.each(['infinity', '-infinity', '9999-12-31', null])('the next attempt at %s: it is due', async (when) => {
    await refuse();
    await onTarget('ALTER TABLE hexclave._hexclave_parked_rows ALTER next_attempt_at DROP NOT NULL');
    await onTarget('UPDATE hexclave._hexclave_parked_rows SET next_attempt_at = $1', [when]);
    await onTarget(`ALTER TABLE hexclave.users DROP CONSTRAINT picky`);
    await retry();
    await expectHealthy();
  });

  test.each([2_147_483_647, -2_147_483_648, null])(
    '%s attempts: the row stays parked and counted',
    async (attempts) => {
      await refuse();
      await onTarget('ALTER TABLE hexclave._hexclave_parked_rows ALTER attempts DROP NOT NULL');
      await onTarget('UPDATE hexclave._hexclave_parked_rows SET attempts = $1, next_attempt_at = now()', [attempts]);
      await retry();
      expect(await stateOfUsers()).toMatchObject({ parkedRows: 1, errorCode: null });
      const [parked] = await onTarget(
        `SELECT attempts > 1 AS counted, next_attempt_at BETWEEN now() AND now() + interval '1 hour' AS soon FROM hexclave._hexclave_parked_rows`,
      );
      expect(parked).toEqual({ counted: true, soon: true });
      await accept();
      await expectHealthy();
    },
  );

  test('keys that are none are dropped, however many, and a row that was refused is tried again beside them', async () => {
    const other = await addUser(harness.db, tenancy);
    await refuse();
    await onTarget(`ALTER TABLE hexclave._hexclave_parked_rows DROP CONSTRAINT _hexclave_parked_rows_pkey;
      ALTER TABLE hexclave._hexclave_parked_rows ALTER key DROP NOT NULL, ALTER error_code DROP NOT NULL,
        ALTER error_message DROP NOT NULL, ALTER attempts DROP NOT NULL, ALTER parked_at DROP NOT NULL`);
    const keys = [
      ...[null, 'null', '17', '"text"', '{}', '{"0": "1"}', '[]', '[null]', '[17]', '[{}]', '[["nested"]]'],
      ...[[''], ['no uuid'], ["'; SELECT 1; --"], [`${SOME_ID}x`], [SOME_ID, SOME_ID], ['x'.repeat(1_000_000)]].map(
        (key) => JSON.stringify(key),
      ),
      // Another spelling of a row that is there.
      JSON.stringify([other.toUpperCase()]),
    ];
    await onTarget(
      `INSERT INTO hexclave._hexclave_parked_rows (mapping_name, key, error_code, next_attempt_at)
       SELECT 'users', k.key::jsonb, NULL, timestamptz '-infinity' FROM unnest($1::text[]) k (key)
       UNION ALL SELECT 'users', jsonb_build_array(repeat('x', n)), repeat('x', 1000000), timestamptz '-infinity' FROM generate_series(1, 100) n
       UNION ALL SELECT repeat('x', n), '["of no mapping"]', NULL, timestamptz '-infinity' FROM generate_series(1, 50) n`,
      [keys],
    );
    await onTarget(`UPDATE hexclave._hexclave_parked_rows SET next_attempt_at = now() WHERE parked_at IS NOT NULL;
      ALTER TABLE hexclave.users DROP CONSTRAINT picky`);
    expect(await retry()).toEqual({ finished: true });
    expect(await retry()).toEqual({ finished: true });
    await expectHealthy();
  });
});
