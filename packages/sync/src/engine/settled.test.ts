import type { Database } from '@hexclave/db';
import { createTestDatabase, type TestDatabase } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileTargetTable } from '../compile/target-table.ts';
import type { Key } from '../destination.ts';
import { addTenancy, addUser, numberEverything } from '../fixtures/source.ts';
import { users } from '../mappings/users.ts';
import { readSettled } from './settled.ts';

let database: TestDatabase;
let db: Database;

beforeEach(async () => {
  database = await createTestDatabase();
  db = database.db;
});

afterEach(() => database.drop());

const target = compileTargetTable(users, {}, 'hard');
const EVERYTHING = 1_000_000_000n;

describe('rows that are large', () => {
  test('come a few megabytes at a time, and each comes in the end', async () => {
    const tenancy = await addTenancy(db);
    const keys: Key[] = [];
    for (let count = 0; count < 12; count++) keys.push([await addUser(db, tenancy)]);
    await db.query(`UPDATE "ProjectUser" SET "serverMetadata" = jsonb_build_object('large', repeat('x', 1000000))`);
    await numberEverything(db);
    let left: readonly Key[] = keys;
    let answers = 0;
    while (left.length > 0 && answers < keys.length) {
      const rows = await readSettled(db, tenancy, users, target, left, EVERYTHING);
      const bytes = rows.reduce((sum, { values }) => sum + JSON.stringify(values).length, 0);
      expect(bytes).toBeLessThan(4_500_000);
      expect(rows.filter(({ settled, values }) => settled && values === null)).toEqual([]);
      left = rows.filter(({ settled }) => !settled).map(({ key }) => key);
      answers += 1;
    }
    expect(left).toEqual([]);
    expect(answers).toBeGreaterThan(1);
  });
});
