import { fileURLToPath } from 'node:url';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { holdLock, untilBlocked } from '../external-db-sync/support/sessions.ts';
import { succeed } from '../support/api-client.ts';
import { rename } from '../sync/rows.ts';

const AN_HOUR_MS = 3_600_000;
const preload = fileURLToPath(new URL('./support/shifted-clock.mjs', import.meta.url));

let hexclave: Installation;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 0 });
});

afterAll(() => hexclave.close());

const startServer = (offsetMs: number, timeZone: string) =>
  hexclave.startServer({ preload, environment: { TEST_CLOCK_OFFSET_MS: String(offsetMs), TZ: timeZone } });

async function claims(): Promise<{ id: string; claimToken: string }[]> {
  return hexclave.db.query('SELECT "id", "claimToken" FROM "OutgoingRequest" WHERE "startedFulfillingAt" IS NOT NULL');
}

describe('F27 clocks are an hour off, and workers are in different time zones', () => {
  test('times are exact, claims are kept and failures are tried again in time, whoever is at work', async () => {
    const ahead = await startServer(AN_HOUR_MS, 'Pacific/Kiritimati');
    const project = await hexclave.createProject();
    const external = await project.addExternalDatabase();
    const user = (await succeed(project.api.post('/users', { display_name: 'from the future' }))).id;
    await project.converged(external);
    const behind = await startServer(-AN_HOUR_MS, 'America/St_Johns');

    // A claim of the one is not yet void for the other, although its clock says so.
    const lock = await holdLock(
      external.database.connectionString,
      'LOCK TABLE hexclave.users IN ACCESS EXCLUSIVE MODE',
    );
    await rename(hexclave.db, user, 'claimed');
    await untilBlocked(external.database.db);
    const claimed = await claims();
    expect(claimed).toHaveLength(1);
    for (const server of [ahead, behind])
      expect((await hexclave.cron(server, 'poller', 1_000)).body).toEqual({ delivered: 0 });
    expect(await claims()).toEqual(claimed);
    await lock.release();
    await project.converged(external);

    // A back-off of a second is one, not an hour and a second.
    await external.database.db.query('ALTER TABLE hexclave.users RENAME COLUMN display_name TO taken');
    await rename(hexclave.db, user, 'while it failed');
    const failing = () =>
      hexclave.db.query(
        'SELECT 1 FROM "ExternalDatabaseMappingState" WHERE "tenancyId" = $1 AND "errorCode" IS NOT NULL',
        [project.tenancyId],
      );
    await waitUntil(async () => (await failing()).length > 0, { describe: 'the failure to be shown' });
    await external.database.db.query('ALTER TABLE hexclave.users RENAME COLUMN taken TO display_name');
    await project.converged(external);

    await hexclave.stop(ahead);
    await rename(hexclave.db, user, 'from the past');
    await project.converged(external);
    const [row] = await external.database.db.query<{ isNow: boolean }>(
      `SELECT abs(extract(epoch FROM now() - signed_up_at)) < 120 AS "isNow" FROM hexclave.users`,
    );
    expect(row).toEqual({ isNow: true });
  });
});
