import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createTestDatabase, type TestDatabase } from '@hexclave/testing';
import { from as copyFrom } from 'pg-copy-streams';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { catalog } from '../declare/catalog.ts';
import { mapping } from '../declare/mapping.ts';
import { trackedTable } from '../declare/tracked-table.ts';
import { addEmail, addTeam, addTenancy, addUser, numberEverything, waiting } from '../fixtures/source.ts';
import { hexclaveCatalog } from '../mappings/index.ts';
import { compileCapture } from './capture.ts';

let database: TestDatabase;
let db: TestDatabase['db'];
let tenancy: string;
let user: string;
let email: string;
let team: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});

beforeEach(async () => {
  tenancy = await addTenancy(db);
  user = await addUser(db, tenancy);
  email = await addEmail(db, tenancy, user);
  team = await addTeam(db, tenancy);
  await db.query('INSERT INTO "TeamMember" ("tenancyId", "teamId", "projectUserId") VALUES ($1, $2, $3)', [
    tenancy,
    team,
    user,
  ]);
  await numberEverything(db);
  expect(await waiting(db)).toEqual([]);
});

describe('every way of writing leaves a trace', () => {
  test('insert', async () => {
    const id = await addUser(db, tenancy);
    expect(await waiting(db)).toEqual([`ProjectUser ${id}`]);
  });

  test('update', async () => {
    await db.query('UPDATE "ProjectUser" SET "displayName" = $1 WHERE "projectUserId" = $2', ['other', user]);
    expect(await waiting(db)).toEqual([`ProjectUser ${user}`]);
  });

  test('delete, with its cascades', async () => {
    await db.query('DELETE FROM "ProjectUser" WHERE "projectUserId" = $1', [user]);
    expect(await waiting(db)).toEqual([
      `-ContactChannel ${email}`,
      `-ProjectUser ${user}`,
      `-TeamMember ${team}${user}`,
    ]);
  });

  test('the cascade from a team', async () => {
    await db.query('DELETE FROM "Team" WHERE "teamId" = $1', [team]);
    expect(await waiting(db)).toEqual([`-Team ${team}`, `-TeamMember ${team}${user}`]);
  });

  test('the cascade from a project', async () => {
    await db.query('DELETE FROM "Project" WHERE "id" = $1', [tenancy]);
    expect(await waiting(db)).toEqual([
      `-ContactChannel ${email}`,
      `-ProjectUser ${user}`,
      `-Team ${team}`,
      `-TeamMember ${team}${user}`,
    ]);
  });

  test('delete and insert again in one transaction', async () => {
    await db.transaction(async (tx) => {
      await tx.query('DELETE FROM "Team" WHERE "teamId" = $1', [team]);
      await addTeam(tx, tenancy, team);
    });
    expect(await waiting(db)).toEqual([`-Team ${team}`, `-TeamMember ${team}${user}`, `Team ${team}`]);
  });

  test('TRUNCATE of one table', async () => {
    const own = await createTestDatabase();
    const there = await addTenancy(own.db);
    const teams = [await addTeam(own.db, there), await addTeam(own.db, there)];
    await numberEverything(own.db);
    await own.db.query('TRUNCATE "Team" CASCADE');
    expect(await waiting(own.db)).toEqual(teams.map((id) => `-Team ${id}`).sort());
    await own.drop();
  });

  test('TRUNCATE … CASCADE of users, flagged ones among them', async () => {
    const own = await createTestDatabase();
    const there = await addTenancy(own.db);
    const first = await addUser(own.db, there);
    const channel = await addEmail(own.db, there, first);
    await numberEverything(own.db);
    await own.db.query('UPDATE "ProjectUser" SET "displayName" = NULL');
    await own.db.query('TRUNCATE "ProjectUser" CASCADE');
    expect(await waiting(own.db)).toEqual([`-ContactChannel ${channel}`, `-ProjectUser ${first}`]);
    await own.drop();
  });

  test('COPY', async () => {
    const id = randomUUID();
    const client = await db.pool.connect();
    const into = client.query(copyFrom('COPY "Team" ("tenancyId", "teamId", "displayName") FROM STDIN'));
    await pipeline(async function* () {
      yield `${tenancy}\t${id}\tcopied\n`;
    }, into);
    client.release();
    expect(await waiting(db)).toEqual([`Team ${id}`]);
  });

  test('a new key: the old one is a deletion', async () => {
    const renamed = randomUUID();
    const lonely = await addUser(db, tenancy);
    await numberEverything(db);
    await db.query('UPDATE "ProjectUser" SET "projectUserId" = $1 WHERE "projectUserId" = $2', [renamed, lonely]);
    expect(await waiting(db)).toEqual([`-ProjectUser ${lonely}`, `ProjectUser ${renamed}`]);
  });

  test('a move to another tenancy: a deletion in the one it leaves', async () => {
    const elsewhere = await addTenancy(db);
    const lonely = await addUser(db, tenancy);
    await numberEverything(db);
    await db.query('UPDATE "ProjectUser" SET "tenancyId" = $1 WHERE "projectUserId" = $2', [elsewhere, lonely]);
    expect(await waiting(db)).toEqual([`-ProjectUser ${lonely}`, `ProjectUser ${lonely}`]);
    const left = await db.query('SELECT "tenancyId" FROM "DeletedRow" WHERE "shouldUpdateSequenceId"');
    expect(left).toEqual([{ tenancyId: tenancy }]);
  });

  test('a restored row that brings a number and no flag', async () => {
    const id = randomUUID();
    await db.query(
      `INSERT INTO "Team" ("tenancyId", "teamId", "displayName", "sequenceId", "shouldUpdateSequenceId")
       VALUES ($1, $2, 'restored', 99999999, false)`,
      [tenancy, id],
    );
    expect(await waiting(db)).toEqual([`Team ${id}`]);
    expect(await db.query('SELECT "sequenceId" FROM "Team" WHERE "teamId" = $1', [id])).toEqual([{ sequenceId: null }]);
  });

  test('a restore over rows that are there', async () => {
    await db.query(
      `INSERT INTO "Team" ("tenancyId", "teamId", "displayName", "sequenceId", "shouldUpdateSequenceId") VALUES ($1, $2, 'restored', 99999999, false)
       ON CONFLICT ("tenancyId", "teamId") DO UPDATE SET "displayName" = excluded."displayName", "sequenceId" = excluded."sequenceId",
         "shouldUpdateSequenceId" = excluded."shouldUpdateSequenceId"`,
      [tenancy, team],
    );
    expect(await waiting(db)).toEqual([`Team ${team}`]);
    const [row] = await db.query<{ sequenceId: bigint }>('SELECT "sequenceId" FROM "Team" WHERE "teamId" = $1', [team]);
    expect(row?.sequenceId).toBeLessThan(99999999n);
  });

  test('an update that brings a number of its own does not get it', async () => {
    await db.query(
      'UPDATE "Team" SET "displayName" = $1, "sequenceId" = 99999999, "shouldUpdateSequenceId" = false WHERE "teamId" = $2',
      ['restored', team],
    );
    const [row] = await db.query<{ sequenceId: bigint }>('SELECT "sequenceId" FROM "Team" WHERE "teamId" = $1', [team]);
    expect(row?.sequenceId).toBeLessThan(99999999n);
    expect(await waiting(db)).toEqual([`Team ${team}`]);
  });

  test('a rolled back change leaves none', async () => {
    const change = db.transaction(async (tx) => {
      await tx.query('DELETE FROM "ProjectUser" WHERE "projectUserId" = $1', [user]);
      throw new Error('changed my mind');
    });
    await expect(change).rejects.toThrow('changed my mind');
    expect(await waiting(db)).toEqual([]);
  });

  test('a change that is undone by another one in the same transaction is still looked at', async () => {
    await db.transaction(async (tx) => {
      await tx.query('UPDATE "Team" SET "displayName" = \'x\' WHERE "teamId" = $1', [team]);
      await tx.query('UPDATE "Team" SET "displayName" = $1 WHERE "teamId" = $2', [team, team]);
    });
    expect(await waiting(db)).toEqual([`Team ${team}`]);
  });
});

describe('what is different counts, to the byte', () => {
  test('columns that no mapping reads flag nothing', async () => {
    await db.query('UPDATE "ProjectUser" SET "lastActiveAt" = now(), "passwordHash" = \'x\', "updatedAt" = now()');
    await db.query('UPDATE "ContactChannel" SET "updatedAt" = now() + interval \'1 hour\'');
    await db.query('UPDATE "Team" SET "updatedAt" = now() + interval \'1 hour\'');
    expect(await waiting(db)).toEqual([]);
  });

  test('writing the values that are there flags nothing', async () => {
    await db.query('UPDATE "Team" SET "displayName" = "displayName", "clientMetadata" = "clientMetadata"');
    expect(await waiting(db)).toEqual([]);
  });

  test('a JSON number that changes from 1 to 1.0 flags', async () => {
    const metadata = (json: string) =>
      db.query('UPDATE "Team" SET "clientMetadata" = $1 WHERE "teamId" = $2', [json, team]);
    await metadata('{"n": 1}');
    await numberEverything(db);
    await metadata('{"n": 1}');
    expect(await waiting(db)).toEqual([]);
    await metadata('{"n": 1.0}');
    expect(await waiting(db)).toEqual([`Team ${team}`]);
  });

  test('from no JSON to JSON null flags', async () => {
    await db.query('UPDATE "Team" SET "clientMetadata" = \'null\' WHERE "teamId" = $1', [team]);
    expect(await waiting(db)).toEqual([`Team ${team}`]);
  });
});

describe('a contact channel flags the user that it shows up in', () => {
  const channelAnd = (...users: string[]) =>
    [`ContactChannel ${email}`, ...users.map((id) => `ProjectUser ${id}`)].sort();

  test('insert of a primary one', async () => {
    const other = await addUser(db, tenancy);
    await numberEverything(db);
    const added = await addEmail(db, tenancy, other);
    expect(await waiting(db)).toEqual([`ContactChannel ${added}`, `ProjectUser ${other}`]);
  });

  test('insert of another one flags only itself', async () => {
    const added = await addEmail(db, tenancy, user, { isPrimary: false });
    expect(await waiting(db)).toEqual([`ContactChannel ${added}`]);
  });

  test('update of its value or its verification', async () => {
    await db.query('UPDATE "ContactChannel" SET "isVerified" = true WHERE "id" = $1', [email]);
    expect(await waiting(db)).toEqual(channelAnd(user));
    await numberEverything(db);
    await db.query('UPDATE "ContactChannel" SET "value" = \'new@example.com\' WHERE "id" = $1', [email]);
    expect(await waiting(db)).toEqual(channelAnd(user));
  });

  test('a column of it that the user does not show flags only itself', async () => {
    await db.query('UPDATE "ContactChannel" SET "usedForAuth" = true WHERE "id" = $1', [email]);
    expect(await waiting(db)).toEqual(channelAnd());
  });

  test('delete', async () => {
    await db.query('DELETE FROM "ContactChannel" WHERE "id" = $1', [email]);
    expect(await waiting(db)).toEqual([`-ContactChannel ${email}`, `ProjectUser ${user}`]);
  });

  test('the primary one changes', async () => {
    const second = await addEmail(db, tenancy, user, { isPrimary: false });
    await numberEverything(db);
    await db.transaction(async (tx) => {
      await tx.query('UPDATE "ContactChannel" SET "isPrimary" = false WHERE "id" = $1', [email]);
      await tx.query('UPDATE "ContactChannel" SET "isPrimary" = true WHERE "id" = $1', [second]);
    });
    expect(await waiting(db)).toEqual([...channelAnd(user), `ContactChannel ${second}`].sort());
  });

  test('it moves to another user: both are flagged', async () => {
    const other = await addUser(db, tenancy);
    await numberEverything(db);
    await db.query('UPDATE "ContactChannel" SET "projectUserId" = $1 WHERE "id" = $2', [other, email]);
    expect(await waiting(db)).toEqual(channelAnd(user, other));
  });

  test('TRUNCATE', async () => {
    const own = await createTestDatabase();
    const there = await addTenancy(own.db);
    const owner = await addUser(own.db, there);
    const channel = await addEmail(own.db, there, owner);
    await addUser(own.db, there);
    await numberEverything(own.db);
    await own.db.query('TRUNCATE "ContactChannel"');
    expect(await waiting(own.db)).toEqual([`-ContactChannel ${channel}`, `ProjectUser ${owner}`]);
    await own.drop();
  });
});

describe('the compiler', () => {
  const tracked = (name: string) => trackedTable({ name, tenancyColumn: 'tenancyId', key: { id: 'bigint' } });

  test('refuses names that PostgreSQL would cut short, since two triggers of one name are one trigger', () => {
    const long = mapping({
      name: 'm',
      table: tracked('A_table_whose_name_leaves_no_room_for_the_names_of_its_triggers'),
      columns: { id: { type: 'bigint', from: 'id' } },
    });
    expect(() => compileCapture(catalog([long]))).toThrow(/longer than 63 bytes/);
  });

  test('takes a dollar sign in a name as it is', () => {
    const odd = mapping({ name: 'm', table: tracked("a$&b$'c"), columns: { id: { type: 'bigint', from: 'id' } } });
    const triggers = compileCapture(catalog([odd])).triggers.filter((sql) =>
      sql.startsWith('CREATE OR REPLACE TRIGGER'),
    );
    for (const sql of triggers) expect(sql).toContain(`ON "a$&b$'c" `);
  });

  test('says the same twice', () => {
    expect(compileCapture(hexclaveCatalog)).toEqual(compileCapture(hexclaveCatalog));
  });
});
