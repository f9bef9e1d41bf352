import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { addUser, addUsers, rename } from '../sync/rows.ts';
import { regressions, watchVersions } from '../sync/versions.ts';

const ROWS = 500;

let hexclave: Installation;
let older: string;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 0 });
  older = await olderVersion(hexclave.program);
});

afterAll(() => hexclave.close());

/** The server as it was before `users` got its last column. */
async function olderVersion(program: string): Promise<string> {
  const text = await readFile(program, 'utf8');
  const without = text.replace(/is_anonymous: \{\s*type: "boolean",\s*from: "isAnonymous",\s*notNull: true\s*\}/, '');
  expect(without.length).toBeLessThan(text.length);
  const path = join(dirname(program), 'older-server.mjs');
  await writeFile(path, without);
  return path;
}

/** What both versions agree on. */
async function arrived(): Promise<void> {
  const names = (id: string, name: string, from: string) =>
    `SELECT ${id} AS id, ${name} AS name FROM ${from} ORDER BY 1`;
  const equal = async () => {
    const [source, copy] = await Promise.all([
      hexclave.db.query(
        names('"projectUserId"', '"displayName"', `"ProjectUser" WHERE "tenancyId" = '${project.tenancyId}'`),
      ),
      external.database.db.query(names('id', 'display_name', 'hexclave.users')),
    ]);
    return JSON.stringify(source) === JSON.stringify(copy);
  };
  await waitUntil(equal, { timeoutMs: 30_000, intervalMs: 50, describe: 'the names to be equal' });
}

describe('F25 an old and a new version run together', () => {
  test('changes arrive, no row goes back and none is ever missing; in the end the new one’s columns are filled', async () => {
    const old = await hexclave.startServer({ program: older });
    project = await hexclave.createProject();
    external = await project.addExternalDatabase();
    await addUsers(hexclave.db, project.tenancyId, ROWS);
    await hexclave.db.query(`UPDATE "ProjectUser" SET "displayName" = 'v0' WHERE "tenancyId" = $1`, [
      project.tenancyId,
    ]);
    await arrived();
    expect(await columns()).not.toContain('is_anonymous');
    const user = await addUser(hexclave.db, project.tenancyId, { name: 'v0' });
    await arrived();
    await watchVersions(external.database.db);

    const fresh = await hexclave.startServer();
    const least = await whileWriting(user, 1);
    expect(least).toBe(ROWS + 1);
    expect(await hexclave.stop(old)).toBe(0);
    await project.converged(external, 30_000);
    expect(await columns()).toContain('is_anonymous');

    // And back, for as long as the old one is needed again.
    const again = await hexclave.startServer({ program: older });
    expect(await whileWriting(user, 1_000)).toBe(ROWS + 1);
    expect(await hexclave.stop(fresh)).toBe(0);
    await rename(hexclave.db, user, 'v9999');
    await arrived();
    expect(await hexclave.stop(again)).toBe(0);
    await hexclave.startServer();
    await project.converged(external, 30_000);
    expect(await regressions(external.database.db)).toEqual([]);
  }, 150_000);

  async function columns(): Promise<string[]> {
    const rows = await external.database.db.query<{ name: string }>(
      `SELECT attname::text AS name FROM pg_attribute WHERE attrelid = 'hexclave.users'::regclass AND attnum > 0`,
    );
    return rows.map(({ name }) => name);
  }

  /** Returns the fewest rows that a reader saw meanwhile. */
  async function whileWriting(user: string, from: number): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let version = from; version < from + 60; version++) {
      await rename(hexclave.db, user, `v${version}`);
      const [row] = await external.database.db.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM hexclave.users',
      );
      least = Math.min(least, row?.count ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await arrived();
    return least;
  }
});
