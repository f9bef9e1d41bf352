import { execFileSync } from 'node:child_process';
import { chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startExtraCluster, waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { type Owned, ownedDatabase } from '../external-db-sync/support/project.ts';
import { makeCertificate, startTlsCluster } from '../support/certificates.ts';
import { connectionOf } from '../sync/harness.ts';
import { addUser, addUsers, rename } from '../sync/rows.ts';
import { startGateProxy } from './support/gate-proxy.ts';
import { through } from './support/through.ts';

/** These tests mostly wait, so they do it together. */
let hexclave: Installation;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  hexclave = await createInstallation();
});

afterAll(async () => {
  await hexclave.close();
  for (const close of closing) await close();
});

function owned(connectionString: string): Owned {
  const database = ownedDatabase(connectionString);
  closing.push(() => database.db.end());
  return database;
}

async function gateTo(connectionString: string) {
  const gate = await startGateProxy(connectionOf(connectionString).port);
  closing.push(gate.close);
  return gate;
}

const ONLY_USERS = Object.fromEntries(
  ['contact_channels', 'teams', 'team_member_profiles'].map((name) => [name, { enabled: false }]),
);

/** A disk of 24 MB. Undefined where we may not mount one, as ordinary users and most containers may not. */
async function mountSmallDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0711', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    await rm(folder, { recursive: true });
    return undefined;
  }
}

const disk = await mountSmallDisk();

afterAll(async () => {
  if (disk === undefined) return;
  // Lazily: PostgreSQL may still be about to close its files.
  execFileSync('umount', ['-l', disk]);
  await rm(disk, { recursive: true });
});

describe.concurrent('F10 the link to a target is slow', () => {
  test('two seconds a round trip, with TLS: first copy and changes arrive, and others are not held up', async ({
    expect,
  }) => {
    const { cluster } = await startTlsCluster(await makeCertificate());
    const database = owned(cluster.connectionString('postgres'));
    const gate = await gateTo(database.connectionString);
    gate.delay(1_000);
    const [slow, quick] = [await hexclave.createProject(), await hexclave.createProject()];
    const user = await addUser(hexclave.db, slow.tenancyId, { name: 'v0' });
    await addUsers(hexclave.db, slow.tenancyId, 500);
    const connectionString = `${through(gate, database.connectionString)}?sslmode=no-verify`;
    const config = { type: 'postgres', connectionString, tables: ONLY_USERS };
    await slow.configure({ 'dbSync.externalDatabases.main': config });
    const far = { id: 'main', schema: 'hexclave', tenancyId: slow.tenancyId, database };
    const near = await quick.addExternalDatabase();
    await quick.converged(near);
    const names = async () =>
      (await database.db.query<{ n: string }>('SELECT display_name AS n FROM hexclave.users')).map(({ n }) => n);
    await waitUntil(async () => (await names()).length === 501, {
      timeoutMs: 120_000,
      intervalMs: 200,
      describe: 'the first copy',
    });
    await rename(hexclave.db, user, 'v1');
    await addUser(hexclave.db, quick.tenancyId);
    await quick.converged(near, 10_000);
    await waitUntil(async () => (await names()).includes('v1'), {
      timeoutMs: 30_000,
      intervalMs: 200,
      describe: 'the change',
    });
    expect((await slow.failureOf(far))?.errorCode ?? null).toBeNull();
    // Nor is the stop held up.
    gate.delay(0);
  }, 240_000);

  test('200 kB a second: it converges', async ({ expect }) => {
    const project = await hexclave.createProject();
    const { cluster } = await startTlsCluster(await makeCertificate());
    const database = owned(cluster.connectionString('postgres'));
    const gate = await gateTo(database.connectionString);
    const external = await project.addExternalDatabase({
      database,
      connectionString: through(gate, database.connectionString),
    });
    await project.converged(external);
    gate.throttle(200_000);
    await addUsers(hexclave.db, project.tenancyId, 8_000);
    await project.converged(external, 60_000);
    // The rows are there a moment before the run has said how it ended.
    await project.settled(60_000);
    expect(await project.failureOf(external)).toMatchObject({ errorCode: null });
  }, 120_000);
});

describe.concurrent('F11 the server of a target', () => {
  test.skipIf(disk === undefined)(
    'has a full disk: shown with its SQLSTATE and what to do, tried slowly, and healed once there is room',
    async ({ expect }) => {
      const cluster = await startExtraCluster();
      const place = join(disk ?? '', 'space');
      await mkdir(place);
      const { uid, gid } = await stat(cluster.dataDir);
      await chown(place, uid, gid);
      const database = owned(cluster.connectionString('postgres'));
      await database.db.query(`CREATE TABLESPACE small LOCATION '${place}'`);
      await database.db.query('ALTER DATABASE postgres SET default_tablespace = small');

      const project = await hexclave.createProject();
      const external = await project.addExternalDatabase({ database });
      await addUser(hexclave.db, project.tenancyId, { name: 'before' });
      await project.converged(external);
      const ballast = join(place, 'ballast');
      await fill(ballast);
      const user = await addUser(hexclave.db, project.tenancyId, { name: 'v0' });
      await addUsers(hexclave.db, project.tenancyId, 4_000);
      const failure = await project.failed(external);
      expect(failure).toMatchObject({ errorCode: 'TARGET_DISK_FULL', errorSqlState: '53100' });
      expect(failure.errorRemedy).toMatch(/disk space/i);
      await waitUntil(async () => ((await project.failureOf(external))?.attempts ?? 0) >= 2, {
        timeoutMs: 20_000,
        describe: 'a second attempt',
      });
      await rename(hexclave.db, user, 'v1');
      await rm(ballast);
      await project.converged(external, 40_000);
      await waitUntil(async () => (await project.failureOf(external))?.errorCode === null, {
        describe: 'the failure to be cleared',
      });
    },
    120_000,
  );

  /** Until nothing fits any more. */
  async function fill(path: string): Promise<void> {
    const megabyte = Buffer.alloc(1_024 * 1_024, 1);
    for (let size = megabyte.length; size >= 1_024; ) {
      await writeFile(path, megabyte.subarray(0, size), { flag: 'a' }).catch(() => {
        size /= 2;
      });
    }
  }

  test('is a standby: shown with its SQLSTATE and what to do, and healed once it is the primary', async ({
    expect,
  }) => {
    const cluster = await startExtraCluster();
    const database = owned(cluster.connectionString('postgres'));
    const project = await hexclave.createProject();
    const external = await project.addExternalDatabase({ database });
    const user = await addUser(hexclave.db, project.tenancyId, { name: 'v0' });
    await project.converged(external);

    await cluster.stop();
    await writeFile(join(cluster.dataDir, 'standby.signal'), '');
    await cluster.restart();
    await rename(hexclave.db, user, 'v1');
    await waitUntil(async () => (await project.failureOf(external))?.errorCode === 'TARGET_READ_ONLY', {
      timeoutMs: 30_000,
      describe: 'the refusal to be shown',
    });
    expect(await project.failureOf(external)).toMatchObject({
      errorSqlState: '25006',
      errorRemedy: expect.stringContaining('primary'),
    });
    await database.db.query('SELECT pg_promote()');
    await project.converged(external, 40_000);
  }, 120_000);
});
