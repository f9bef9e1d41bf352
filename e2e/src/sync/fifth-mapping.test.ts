import { catalog, compileCapture, mapping, trackedTable } from '@hexclave/sync';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineVia } from './engine-via.ts';
import { converged, createHarness, type Harness, type Target } from './harness.ts';

/** Tables that have nothing to do with users: readings of meters, keyed by meter and hour, named by another table. */
const meter = { name: 'Meter', tenancyColumn: 'customer' };
const reading = trackedTable({
  name: 'Reading',
  tenancyColumn: 'customer',
  key: { meter: 'bigint', hour: 'timestamptz' },
});
const readings = mapping({
  name: 'readings',
  table: reading,
  lookups: { place: { table: meter, on: { number: 'meter' }, where: { retired: false } } },
  columns: {
    measured_at: { type: 'timestamptz', from: 'hour' },
    meter: { type: 'bigint', from: 'meter' },
    place: { type: 'text', lookup: 'place', from: 'address' },
    kwh: { type: 'numeric', from: 'value', notNull: true },
  },
});
const energy = catalog([readings]);

const TABLES = [
  `CREATE TABLE "Meter" ("customer" uuid NOT NULL, "number" bigint NOT NULL, "address" text NOT NULL, "retired" boolean NOT NULL DEFAULT false,
     "inspectedAt" timestamptz, PRIMARY KEY ("customer", "number"))`,
  `CREATE TABLE "Reading" ("customer" uuid NOT NULL, "meter" bigint NOT NULL, "hour" timestamptz NOT NULL, "value" numeric NOT NULL,
     PRIMARY KEY ("customer", "meter", "hour"), FOREIGN KEY ("customer", "meter") REFERENCES "Meter" ON DELETE CASCADE)`,
];

let harness: Harness;
let customer: string;
let target: Target;

beforeEach(async () => {
  harness = await createHarness(energy);
  const capture = compileCapture(energy);
  for (const sql of [...TABLES, ...capture.columns, ...capture.indexes, ...capture.triggers])
    await harness.db.query(sql);
  customer = await harness.addTenancy();
  target = await harness.addTarget(customer);
});

afterEach(() => harness.close());

const addMeter = (number: bigint, address: string) =>
  harness.db.query('INSERT INTO "Meter" ("customer", "number", "address") VALUES ($1, $2, $3)', [
    customer,
    number,
    address,
  ]);
const addReadings = (number: bigint, count: number) =>
  harness.db.query(
    `INSERT INTO "Reading" SELECT $1, $2, timestamptz '2024-01-01 00:00:00.000001+00' + n * interval '1 hour', n / 7.0 FROM generate_series(1, $3::int) n`,
    [customer, number, count],
  );
const copied = () =>
  target.database.db.query<{ meter: bigint; place: string | null; rows: number }>(
    'SELECT meter, place, count(*)::int AS rows FROM hexclave.readings GROUP BY 1, 2 ORDER BY 1',
  );

test('tables of another trade are copied, streamed, joined, renamed and emptied by their declaration alone', async () => {
  const large = 2n ** 60n + 1n;
  await addMeter(-5n, 'cellar');
  await addMeter(large, 'roof');
  await addReadings(-5n, 600);
  await addReadings(large, 30);
  harness.start();
  await converged(harness, target);
  expect(await copied()).toEqual([
    { meter: -5n, place: 'cellar', rows: 600 },
    { meter: large, place: 'roof', rows: 30 },
  ]);

  await harness.db.query(`UPDATE "Meter" SET "address" = 'attic' WHERE "number" = $1`, [large]);
  await harness.db.query(
    `UPDATE "Reading" SET "hour" = "hour" + interval '100 years' WHERE "meter" = -5 AND "value" < 10`,
  );
  await converged(harness, target);
  expect(await copied()).toEqual([
    { meter: -5n, place: 'cellar', rows: 600 },
    { meter: large, place: 'attic', rows: 30 },
  ]);

  await harness.db.query('UPDATE "Meter" SET "retired" = true WHERE "number" = $1', [large]);
  await harness.db.query('DELETE FROM "Meter" WHERE "number" = -5');
  await converged(harness, target);
  expect(await copied()).toEqual([{ meter: large, place: null, rows: 30 }]);

  await harness.db.query('TRUNCATE "Reading"');
  await converged(harness, target);
  expect(await copied()).toEqual([]);
  expect(harness.failures).toEqual([]);
});

test('a row that was refused is tried again by its key, whatever the time zone that the server writes it in', async () => {
  await harness.db.query(`ALTER DATABASE "${harness.internal.name}" SET timezone = 'Asia/Kolkata'`);
  const engine = engineVia(harness, (connection) => connection);
  await addMeter(1n, 'cellar');
  await harness.sync(customer, engine);
  const onTarget = (sql: string) => target.database.db.query(sql);
  await onTarget('ALTER TABLE hexclave.readings ADD CONSTRAINT picky CHECK (kwh < 0)');
  await addReadings(1n, 1);
  await harness.sync(customer, engine);
  expect(await onTarget('SELECT attempts FROM hexclave._hexclave_parked_rows')).toEqual([{ attempts: 1 }]);
  await onTarget(`ALTER TABLE hexclave.readings DROP CONSTRAINT picky;
    UPDATE hexclave._hexclave_parked_rows SET next_attempt_at = now()`);
  await engine.sync({ tenancyId: customer, externalDatabaseId: 'main', maxDurationMs: 20_000 });
  expect(await copied()).toEqual([{ meter: 1n, place: 'cellar', rows: 1 }]);
  expect(await onTarget('SELECT 1 FROM hexclave._hexclave_parked_rows')).toEqual([]);
});

test('a column that it does not read flags nothing', async () => {
  await addMeter(1n, 'cellar');
  await addReadings(1n, 3);
  await harness.sync(customer);
  await harness.db.query('UPDATE "Meter" SET "inspectedAt" = now()');
  expect(await harness.db.query('SELECT 1 FROM "Reading" WHERE "shouldUpdateSequenceId"')).toEqual([]);
});

test('a changed meaning of a column is copied anew, although the table looks the same', async () => {
  await addMeter(1n, 'cellar');
  await addReadings(1n, 3);
  await harness.sync(customer);
  const loud = mapping({
    ...readings,
    columns: {
      ...readings.columns,
      place: { type: 'text', lookup: 'place', from: 'address', as: (sql) => `upper(${sql})` },
    },
  });
  await harness.sync(customer, harness.newEngine(catalog([loud])));
  expect(await copied()).toEqual([{ meter: 1n, place: 'CELLAR', rows: 3 }]);
});

test('a declaration that gets a column back-fills it and deletes nothing', async () => {
  const { kwh: _, ...withoutValue } = readings.columns;
  const before = mapping({ ...readings, columns: withoutValue });
  await addMeter(1n, 'cellar');
  await addReadings(1n, 300);
  await harness.sync(customer, harness.newEngine(catalog([before])));
  const { db } = target.database;
  await db.query(`CREATE TABLE deletions (n int); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO deletions VALUES (1); RETURN NULL; END $$`);
  await db.query('CREATE TRIGGER note AFTER DELETE OR TRUNCATE ON hexclave.readings EXECUTE FUNCTION note()');
  await db.query('ALTER TABLE hexclave.readings ADD COLUMN mine text');
  await db.query(`UPDATE hexclave.readings SET mine = 'kept'`);
  await harness.sync(customer, harness.newEngine());
  await converged(harness, target);
  expect(await db.query('SELECT mine, count(*)::int AS rows FROM hexclave.readings GROUP BY 1')).toEqual([
    { mine: 'kept', rows: 300 },
  ]);
});
