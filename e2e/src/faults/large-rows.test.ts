import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';

/** A thousand take forty seconds. Fewer show the same, as long as they are more than the bound. */
const ROWS = 300;
const MEGABYTE = 1_024 * 1_024;
/** What the server may need for them beyond what it needs anyway. */
const MOST_GROWTH = 200 * MEGABYTE;

let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation();
  project = await hexclave.createProject();
  external = await project.addExternalDatabase();
  await project.converged(external);
  await project.settled();
});

afterAll(() => hexclave.close());

/** Compares by hashes, computed where the rows are: the test itself could not hold them either. */
async function areEqual(): Promise<boolean> {
  const hash = (column: string, id: string, from: string) =>
    `SELECT count(*)::int AS rows, md5(string_agg(md5(${column}::text), '' ORDER BY ${id})) AS hash FROM ${from}`;
  const [source, copy] = await Promise.all([
    hexclave.db.query<{ rows: number; hash: string }>(
      hash('"clientMetadata"', '"projectUserId"', `"ProjectUser" WHERE "tenancyId" = '${project.tenancyId}'`),
    ),
    external.database.db.query<{ rows: number; hash: string }>(hash('client_metadata', 'id', 'hexclave.users')),
  ]);
  return copy[0]?.rows === ROWS && source[0]?.hash === copy[0].hash;
}

/** Resolves to the largest resident size, in bytes, that the server had until `work` was done. */
async function mostMemoryDuring(work: () => Promise<unknown>): Promise<number> {
  let most = 0;
  const meter = setInterval(async () => {
    most = Math.max(most, await hexclave.server.memory());
  }, 50);
  await work().finally(() => clearInterval(meter));
  return most;
}

describe('F27 rows of 1 MB JSON', () => {
  test('300 of them: exact, in bounded memory', async () => {
    const before = await hexclave.server.memory();
    const most = await mostMemoryDuring(async () => {
      await hexclave.db.query(
        `INSERT INTO "ProjectUser" ("tenancyId", "clientMetadata")
         SELECT $1, jsonb_build_object('n', n, 'text', repeat(md5(n::text), $3::int / 32)) FROM generate_series(1, $2::int) n`,
        [project.tenancyId, ROWS, MEGABYTE],
      );
      await project.settled(120_000);
      await waitUntil(areEqual, { timeoutMs: 60_000, intervalMs: 1_000, describe: 'the copy to be equal' });
    });
    expect(most - before).toBeLessThan(MOST_GROWTH);
  }, 240_000);
});
