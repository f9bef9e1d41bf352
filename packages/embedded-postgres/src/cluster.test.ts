import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { waitUntil } from '@hexclave/testing';
import { expect, onTestFinished, test } from 'vitest';
import { holdCluster, query, reachableFolder, startForTest } from './fixtures/helpers.ts';
import { isReachable } from './folders.ts';
import { copyCluster, findFreePort, initialise, startCluster } from './index.ts';
import { isAlive } from './process-info.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65534, gid: 65534 };

test('data survives a restart', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  const first = await startForTest({ dataDir });
  await query(first.connectionString(), 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  expect(first.isRunning()).toBe(false);

  const second = await startForTest({ dataDir });
  expect(await query(second.connectionString(), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('the password is required, private, and not among the arguments of the process', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  const cluster = await startForTest({ dataDir });
  const withoutPassword = cluster.connectionString().replace(/:[^:@]+@/, ':wrong@');
  await expect(query(withoutPassword, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });

  const passwordFile = join(dataDir, 'hexclave-superuser-password');
  expect((await stat(passwordFile)).mode & 0o777).toBe(0o600);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  if (process.platform !== 'linux') return;
  const commandLine = await readFile(`/proc/${cluster.pid}/cmdline`, 'utf8');
  expect(commandLine).not.toContain(await readFile(passwordFile, 'utf8'));
});

test('settings reach the server', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  const cluster = await startForTest({ dataDir, settings: { wal_level: 'logical' } });
  expect(await query(cluster.connectionString(), 'SHOW wal_level')).toEqual([{ wal_level: 'logical' }]);
});

test('two first starts at once end with one server, shared', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  const clusters = await Promise.all([startForTest({ dataDir }), startForTest({ dataDir })]);
  expect(clusters.map(({ ownership }) => ownership).sort()).toEqual(['shared', 'started']);
  expect(clusters[0]?.pid).toBe(clusters[1]?.pid);
});

test('stopping a shared cluster leaves it to the process that started it', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  const holder = await holdCluster(dataDir);
  const shared = await startForTest({ dataDir, port: await findFreePort() });
  expect(shared).toMatchObject({ ownership: 'shared', pid: holder.pid, port: holder.port });
  expect(shared.notes.join()).toContain(String(holder.port));
  await shared.stop();
  expect(await query(shared.connectionString(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('the server ends with its parent on %s', async (signal) => {
  const dataDir = join(await reachableFolder(), 'data');
  const holder = await holdCluster(dataDir);
  await query((await startCluster({ dataDir })).connectionString(), 'CREATE TABLE kept AS SELECT 1 AS one');
  holder.child.kill(signal);
  // Started while the old server may still be shutting down: it takes over its data and its port.
  const next = await startForTest({ dataDir, port: holder.port });
  expect(next).toMatchObject({ ownership: 'started', port: holder.port });
  expect(await query(next.connectionString(), 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  await waitUntil(() => !isAlive(holder.pid), { describe: 'the old server to be gone' });
});

test('a server that was killed is started again and recovers what was committed', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  const first = await startForTest({ dataDir });
  await query(first.connectionString(), 'CREATE TABLE kept AS SELECT 7 AS seven');
  first.kill('SIGKILL');
  const second = await startForTest({ dataDir });
  expect(await query(second.connectionString(), 'SELECT seven FROM kept')).toEqual([{ seven: 7 }]);
});

test('a stale pid file that names a live stranger does not stop the start', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  await initialise({ dataDir, sync: false });
  await writeFile(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n1\n5432\n\n127.0.0.1\n\nready   \n`);
  await chmod(join(dataDir, 'postmaster.pid'), 0o666);
  expect((await startForTest({ dataDir })).ownership).toBe('started');
});

test('a port that another program uses is named, with the way to change it', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  const port = await findFreePort();
  const other = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void other.close());
  await expect(startForTest({ dataDir, port })).rejects.toMatchObject({
    code: 'EMBEDDED_POSTGRES_PORT_TAKEN',
    message: expect.stringContaining(String(port)),
    remedy: expect.stringContaining('NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX'),
  });
});

test('a folder of other things is not taken for a cluster, nor changed', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'notes.txt'), 'mine');
  await expect(startForTest({ dataDir })).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_DATA_BROKEN' });
  expect(await readdir(dataDir)).toEqual(['notes.txt']);
});

test.each(['global/pg_control', 'PG_VERSION', 'base'])('a cluster without its %s is called broken', async (missing) => {
  const dataDir = join(await reachableFolder(), 'data');
  await initialise({ dataDir, sync: false });
  await rm(join(dataDir, missing), { recursive: true });
  await expect(startForTest({ dataDir })).rejects.toMatchObject({
    code: 'EMBEDDED_POSTGRES_DATA_BROKEN',
    message: expect.stringContaining(dataDir),
  });
});

test('a cluster of another major version is refused by name', async () => {
  const dataDir = join(await reachableFolder(), 'data');
  await initialise({ dataDir, sync: false });
  await writeFile(join(dataDir, 'PG_VERSION'), '13\n');
  await expect(startForTest({ dataDir })).rejects.toMatchObject({
    code: 'EMBEDDED_POSTGRES_VERSION_MISMATCH',
    message: expect.stringContaining('PostgreSQL 13'),
  });
});

test('an initialisation that was killed leaves nothing that counts as a cluster', async () => {
  const folder = await reachableFolder();
  const leftover = join(folder, 'data.0123456789ab');
  await mkdir(join(leftover, 'cluster'), { recursive: true });
  await initialise({ dataDir: join(folder, 'data'), sync: false });
  expect((await startForTest({ dataDir: join(folder, 'data') })).ownership).toBe('started');
});

test('a copy starts beside its original and has its rows', async () => {
  const folder = await reachableFolder();
  const original = await startForTest({ dataDir: join(folder, 'original') });
  await query(original.connectionString(), 'CREATE TABLE kept AS SELECT 3 AS three');
  await original.stop();
  await copyCluster({ from: join(folder, 'original'), to: join(folder, 'copy') });
  const [, copy] = await Promise.all([
    startForTest({ dataDir: join(folder, 'original') }),
    startForTest({ dataDir: join(folder, 'copy') }),
  ]);
  expect(await query(copy.connectionString(), 'SELECT three FROM kept')).toEqual([{ three: 3 }]);
});

test.runIf(isRoot)('below a folder of mode 0700 root keeps the data where the server reaches it', async () => {
  const folder = await reachableFolder();
  const dataDir = join(folder, 'data');
  const reachable = await startForTest({ dataDir });
  await query(reachable.connectionString(), 'CREATE TABLE kept AS SELECT 5 AS five');
  await reachable.stop();

  await chmod(folder, 0o700);
  const moved = await startForTest({ dataDir });
  onTestFinished(() => rm(moved.dataDir, { recursive: true }));
  expect(moved.dataDir).toMatch(/\/hexclave\/data\/data-[0-9a-f]{16}$/);
  expect(moved.notes.join()).toContain(moved.dataDir);
  expect(existsSync(dataDir)).toBe(false);
  expect(await query(moved.connectionString(), 'SELECT five FROM kept')).toEqual([{ five: 5 }]);
  await moved.stop();

  await chmod(folder, 0o755);
  const again = await startForTest({ dataDir });
  expect(await query(again.connectionString(), 'SELECT five FROM kept')).toEqual([{ five: 5 }]);
});

test.runIf(isRoot && (await isReachable(import.meta.dirname, NOBODY)))(
  'an ordinary user runs a cluster of their own',
  async () => {
    const folder = await reachableFolder();
    await chmod(folder, 0o777);
    const holder = await holdCluster(join(folder, 'data'), { uid: NOBODY.uid });
    expect(holder.ownership).toBe('started');
    expect((await stat(join(folder, 'data'))).uid).toBe(NOBODY.uid);
  },
);
