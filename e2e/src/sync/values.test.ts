import { randomUUID } from 'node:crypto';
import { createDatabase } from '@hexclave/db';
import { testCluster, withDatabase } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHarness, differences, type Harness, stateOf, type Target } from './harness.ts';
import { addUser, addUsers } from './rows.ts';

let harness: Harness;
let tenancy: string;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
});

afterEach(() => harness.close());

const NAMES = [
  '',
  ' ',
  'emoji 🦊👩‍👩‍👧 and Ünïcödé 漢字',
  `quotes ' " \` $$ $tag$ "" ''`,
  'backslashes \\ \\\\ \\n \\N \\. \\x41',
  '\\N',
  '\\.',
  'NULL',
  'tab\tnewline\nreturn\rformfeed\fbackspace\bbell\u0007escape\u001b',
  'right-to-left ‮ mark ‏ zero​width',
  '{"not": "an array"}',
  '{NULL,"a,b"}',
  '�￿\u{10ffff}',
  `'; DROP SCHEMA hexclave CASCADE; --`,
  '<img src=x onerror=alert(1)>',
  '%s %I %L :name @name ?',
  'x'.repeat(1_000_000),
];
const JSONS = [
  'null',
  'true',
  '0',
  '-0.0',
  '1.0',
  '1e400',
  '12345678901234567890123456789.000000000000000000001',
  '9007199254740993',
  '""',
  '"text"',
  '[]',
  '{}',
  '[1, null, "\\\\N", [[]]]',
  '{"a": {"b": [1.50]}}',
  '{"__proto__": 1, "": 2}',
  '"\\ud83e\\udd8a \\u2028 \\u0001"',
  `{"big": "${'y'.repeat(1_000_000)}"}`,
];
const TIMES = [
  'infinity',
  '-infinity',
  '2024-02-29 23:59:59.999999+00',
  '0044-03-15 12:00:00+00 BC',
  '294276-12-31 23:59:59.999999+00',
  '1970-01-01 00:00:00.000001+00',
];

async function addHostileRows(): Promise<void> {
  for (const name of NAMES) await addUser(harness.db, tenancy, { name });
  for (const json of JSONS)
    await harness.db.query(
      'INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "clientMetadata", "serverMetadata") VALUES ($1, $2, $3::jsonb, $3::jsonb)',
      [tenancy, randomUUID(), json],
    );
  for (const time of TIMES)
    await harness.db.query(
      'INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "signedUpAt") VALUES ($1, $2, $3)',
      [tenancy, randomUUID(), time],
    );
}

async function expectEqual(target: Target): Promise<void> {
  expect(await differences(harness, target)).toEqual([]);
  expect(harness.failures).toEqual([]);
}

describe('hostile values are exact', () => {
  test.each([
    ['by a page', 0],
    ['by COPY', 500],
  ])('in a first copy, %s', async (_, others) => {
    const target = await harness.addTarget(tenancy);
    await addHostileRows();
    await addUsers(harness.db, tenancy, others);
    await harness.sync(tenancy);
    await expectEqual(target);
  });

  test('in a page of changes', async () => {
    const target = await harness.addTarget(tenancy);
    await harness.sync(tenancy);
    await addHostileRows();
    await harness.sync(tenancy);
    await expectEqual(target);
  });

  test('in bulk', async () => {
    const target = await harness.addTarget(tenancy);
    await harness.sync(tenancy);
    await addHostileRows();
    await addUsers(harness.db, tenancy, 500);
    await harness.sync(tenancy);
    await expectEqual(target);
  });

  test('when a page of them is applied row by row', async () => {
    const target = await harness.addTarget(tenancy);
    await harness.sync(tenancy);
    await target.database.db.query(
      `ALTER TABLE hexclave.users ADD CONSTRAINT c CHECK (display_name IS DISTINCT FROM 'refused')`,
    );
    await addUser(harness.db, tenancy, { name: 'refused' });
    await addHostileRows();
    await harness.sync(tenancy);
    expect(await differences(harness, target)).toEqual([{ mapping: 'users', missing: 1, extra: 0 }]);
  });

  test('between sessions that write dates, intervals and strings in ways of their own', async () => {
    const target = await harness.addTarget(tenancy);
    await harness.db.query(`ALTER DATABASE "${harness.internal.name}" SET datestyle = 'SQL, DMY'`);
    await harness.db.query(`ALTER DATABASE "${harness.internal.name}" SET timezone = 'Asia/Kathmandu'`);
    await harness.db.query(`ALTER DATABASE "${harness.internal.name}" SET extra_float_digits = -15`);
    const there = target.database.name;
    await target.database.db.query(`ALTER DATABASE "${there}" SET datestyle = 'German'`);
    await target.database.db.query(`ALTER DATABASE "${there}" SET timezone = 'America/St_Johns'`);
    await target.database.db.query(`ALTER DATABASE "${there}" SET standard_conforming_strings = off`);
    await target.database.db.query(`ALTER DATABASE "${there}" SET search_path = nowhere`);
    const engine = harness.newEngine();
    await addHostileRows();
    await harness.sync(tenancy, engine);
    await addHostileRows();
    await harness.sync(tenancy, engine);
    await expectEqual(target);
  });
});

describe('a target in another encoding', () => {
  test.each(['LATIN1', 'SQL_ASCII'])('%s: exact, or exactly the row that does not fit is parked', async (encoding) => {
    const name = `test_${encoding.toLowerCase()}_${harness.internal.name}`;
    await harness.db.query(
      `CREATE DATABASE "${name}" TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    const connectionString = withDatabase(testCluster().connectionString, name);
    const db = createDatabase({ connectionString, max: 2 });
    try {
      const database = { name, connectionString, db, drop: async () => undefined };
      const target = await harness.addTarget(tenancy, 'main', { database });
      await addUser(harness.db, tenancy, { name: 'Zoë' });
      await addUser(harness.db, tenancy, { name: 'fox 🦊' });
      await harness.sync(tenancy);
      await addUser(harness.db, tenancy, { name: 'Anaïs' });
      await addUser(harness.db, tenancy, { name: '漢字' });
      await harness.sync(tenancy);
      const expected = encoding === 'LATIN1' ? ['Anaïs', 'Zoë'] : ['Anaïs', 'Zoë', 'fox 🦊', '漢字'];
      const found = await db.query<{ name: string }>('SELECT display_name AS name FROM hexclave.users');
      expect(found.map((row) => row.name).sort()).toEqual(expected);
      const { mappings } = await stateOf(harness, target);
      expect(mappings.users).toMatchObject({ errorCode: null, parkedRows: 4 - expected.length });
      expect(harness.failures).toEqual([]);
    } finally {
      await harness.close();
      await db.end();
      const admin = createDatabase({ connectionString: testCluster().connectionString, max: 1 });
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      await admin.end();
    }
  });
});
