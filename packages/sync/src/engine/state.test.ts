import type { Database } from '@hexclave/db';
import { createTestDatabase, waitUntil } from '@hexclave/testing';
import { fillInstallation, LARGE } from '@hexclave/testing/installation';
import { expect, test } from 'vitest';
import { DestinationError } from '../destination-error.ts';
import type { ExternalDatabase } from './external-database.ts';
import { readSituation } from './source.ts';
import { saveFailure, saveMappingFailure, saveSuccess } from './state.ts';

const failure = new DestinationError('TARGET_UNREACHABLE');

test.each<[string, (db: Database, database: ExternalDatabase) => Promise<void>]>([
  ['a success', saveSuccess],
  ['a failure', (db, database) => saveFailure(db, database, failure)],
  ['a failure of one mapping', (db, database) => saveMappingFailure(db, database, 'users', failure)],
])(
  'an external database is removed at the very moment at which %s of it is kept: nobody is told of an error',
  async (_, save) => {
    const { db } = await createTestDatabase();
    await fillInstallation(db, { tenancies: 1, users: 0, tombstones: 0 });
    const [database] = (await readSituation(db, LARGE)).databases;
    if (database === undefined) throw new Error('There is no external database');
    await db.query('DELETE FROM "ExternalDatabaseState"');
    await db.query('DELETE FROM "ExternalDatabaseMappingState"');

    let saved: Promise<void> | undefined;
    await db.transaction(async (tx) => {
      await tx.query('DELETE FROM "ExternalDatabase"');
      saved = save(db, database);
      // It has seen the external database, and waits at the foreign key.
      await waitUntil(async () => (await db.query(WAITING)).length > 0, { describe: 'the state to be held up' });
    });
    await saved;
    expect(await db.query('SELECT 1 FROM "ExternalDatabaseState" UNION ALL SELECT 1 FROM "OutgoingRequest"')).toEqual(
      [],
    );
  },
);

const WAITING = `
  SELECT 1 FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.wait_event_type = 'Lock' AND a.query LIKE '%INSERT INTO "ExternalDatabase%State"%'`;
