import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programOrSkip, waitUntil } from '@hexclave/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectionOf, converged, createHarness, differences, type Harness, type Target } from './harness.ts';
import { addUser, addUsers, rename } from './rows.ts';

/** Debian: `apt-get install pgbouncer`; in /usr/sbin there. */
const PGBOUNCER = 'pgbouncer';

/** PgBouncer refuses to run as root. */
const NOBODY = 65534;

describe.skipIf(programOrSkip(PGBOUNCER).skip)(
  'a target behind a transaction pooler (skipped where there is no pgbouncer)',
  () => {
    let harness: Harness;
    let tenancy: string;
    let target: Target;
    let pooler: { port: number; stop(): Promise<void> };

    beforeEach(async () => {
      harness = await createHarness();
      tenancy = await harness.addTenancy();
      pooler = await startPooler(harness.internal.connectionString);
      target = await harness.addTarget(tenancy, 'main', { connection: { port: pooler.port } });
    });

    afterEach(async () => {
      await harness.close();
      await pooler.stop();
    });

    test('works: first copy, bulk, single changes and deletes, with two server connections for all', async () => {
      await addUsers(harness.db, tenancy, 3_000);
      await harness.sync(tenancy);
      const user = await addUser(harness.db, tenancy);
      await harness.sync(tenancy);
      await rename(harness.db, user, 'changed');
      await harness.db.query(`UPDATE "ProjectUser" SET "displayName" = 'all' WHERE "displayName" LIKE '%7'`);
      await harness.db.query(`DELETE FROM "ProjectUser" WHERE "displayName" LIKE '%5'`);
      await harness.sync(tenancy);
      expect(await differences(harness, target)).toEqual([]);
      expect(harness.failures).toEqual([]);
    });

    test('and leaves no setting behind for the next user of the same server connection', async () => {
      await addUsers(harness.db, tenancy, 600);
      await harness.sync(tenancy);
      const { user, password, database } = connectionOf(target.database.connectionString);
      const client = new pg.Client({ host: '127.0.0.1', port: pooler.port, user, password, database });
      await client.connect();
      const { rows } = await client.query(
        `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock, current_setting('synchronous_commit') AS commit`,
      );
      await client.end();
      expect(rows).toEqual([{ statement: '0', lock: '0', commit: 'on' }]);
    });

    test('three engines share it', async () => {
      for (let count = 0; count < 3; count++) harness.start();
      for (let round = 0; round < 5; round++) await addUsers(harness.db, tenancy, 400);
      await converged(harness, target);
    });
  },
);

async function startPooler(connectionString: string) {
  const { port: upstream, user, password } = connectionOf(connectionString);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-pooler-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'users.txt'), `"${user}" "${password}"\n`);
  const settings = [
    ...[
      '[databases]',
      `* = host=127.0.0.1 port=${upstream}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
    ],
    ...[
      'auth_type = scram-sha-256',
      `auth_file = ${join(folder, 'users.txt')}`,
      'pool_mode = transaction',
      'default_pool_size = 2',
    ],
    ...['unix_socket_dir =', 'server_idle_timeout = 1', 'ignore_startup_parameters ='],
  ];
  await writeFile(join(folder, 'pgbouncer.ini'), `${settings.join('\n')}\n`);
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn(PGBOUNCER, [join(folder, 'pgbouncer.ini')], { stdio: 'ignore', cwd: '/', ...identity });
  await waitUntil(() => answers(port, connectionString), { describe: 'pgbouncer to answer' });
  return {
    port,
    stop: async () => {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number, connectionString: string): Promise<boolean> {
  const { user, password } = connectionOf(connectionString);
  const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'postgres' });
  await client.connect();
  await client.end();
  return true;
}

/** Below the ephemeral ports, which collide. */
async function freePort(): Promise<number> {
  for (let port = 21_000 + (process.pid % 4_000); ; port++) if (await isFree(port)) return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
