import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, fileNeedsMigrations } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWellFormedKey } from '../services/keys.ts';
import { loadDevelopmentKeys } from './key-file.ts';
import { seedDevelopment } from './seed.ts';

// Keys that are made by a start are kept in the audit log.
fileNeedsMigrations(['0011_controls']);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hexclave-seed-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('development keys', () => {
  it('are made once and kept for their owner only', async () => {
    const data = join(folder, 'data');
    const all = await Promise.all(Array.from({ length: 8 }, () => loadDevelopmentKeys(data)));
    expect(new Set(all.map((keys) => JSON.stringify(keys))).size).toBe(1);
    expect(isWellFormedKey('server', all[0]?.demo.secretServerKey ?? '', false)).toBe(true);
    const mode = (await stat(join(data, 'development-keys.json'))).mode & 0o777;
    expect(mode).toBe(0o600);
  });

  it('in a damaged file are reported, not replaced', async () => {
    const path = join(folder, 'development-keys.json');
    await writeFile(path, '{"internal":');
    await expect(loadDevelopmentKeys(folder)).rejects.toMatchObject({ code: 'DEVELOPMENT_KEYS_BROKEN' });
    expect(await readFile(path, 'utf8')).toBe('{"internal":');
  });
});

describe('seeding', () => {
  it('may be done any number of times, also at once, and leaves revoked keys revoked', async () => {
    const { db } = await createTestDatabase();
    const keys = await loadDevelopmentKeys(folder);
    await Promise.all(Array.from({ length: 5 }, () => seedDevelopment(db, keys)));
    const count = async () =>
      await db.query(
        `SELECT (SELECT count(*)::int FROM "Project") AS projects, (SELECT count(*)::int FROM "Tenancy") AS tenancies,
                (SELECT count(*)::int FROM "ApiKeySet") AS keys`,
      );
    expect(await count()).toEqual([{ projects: 2, tenancies: 2, keys: 2 }]);
    await db.query('UPDATE "ApiKeySet" SET "manuallyRevokedAt" = now()');
    await seedDevelopment(db, keys);
    expect(await count()).toEqual([{ projects: 2, tenancies: 2, keys: 2 }]);
    expect(await db.query('SELECT 1 FROM "ApiKeySet" WHERE "manuallyRevokedAt" IS NULL')).toEqual([]);
  });
});
