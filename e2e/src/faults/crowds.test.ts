import { type AddressInfo, createServer, type Socket } from 'node:net';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { type ExternalDatabase, type Project, pathOf } from '../external-db-sync/support/project.ts';
import { addUser, addUsers } from '../sync/rows.ts';

let hexclave: Installation;
let small: Project;
let copy: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation();
  small = await hexclave.createProject();
  copy = await small.addExternalDatabase();
  await small.converged(copy);
});

afterAll(() => hexclave.close());

/** How long a change of the small project takes to arrive, in ms. */
async function latency(): Promise<number> {
  const started = performance.now();
  const id = await addUser(hexclave.db, small.tenancyId);
  await waitUntil(
    async () => (await copy.database.db.query('SELECT 1 FROM hexclave.users WHERE id = $1', [id])).length > 0,
    {
      timeoutMs: 60_000,
      intervalMs: 5,
      describe: 'a change to arrive',
    },
  );
  return performance.now() - started;
}

/** The latencies of one change after another while something else goes on. */
async function latenciesUntil(isOver: () => Promise<boolean>): Promise<number[]> {
  const seen: number[] = [];
  do seen.push(await latency());
  while (!(await isOver()));
  return seen.sort((a, b) => a - b);
}

const median = (sorted: readonly number[]) => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;

describe('F23 a small project keeps its latency', () => {
  test('beside one with 50,000 rows that is copied for the first time', async () => {
    const large = await hexclave.createProject();
    await addUsers(hexclave.db, large.tenancyId, 50_000);
    const external = await large.addExternalDatabase();
    const isCopied = async () => {
      const [state] = await hexclave.db.query<{ phase: string }>(
        `SELECT "phase" FROM "ExternalDatabaseMappingState" WHERE "tenancyId" = $1 AND "mapping" = 'users'`,
        [large.tenancyId],
      );
      return state?.phase === 'stream';
    };
    const seen = await latenciesUntil(isCopied);
    expect(median(seen)).toBeLessThan(1_000);
    expect(seen.at(-1)).toBeLessThan(5_000);
    const [{ count } = { count: 0 }] = await external.database.db.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM hexclave.users',
    );
    expect(count).toBe(50_000);
  }, 120_000);

  test('while 20 targets hang', async () => {
    const open = new Set<Socket>();
    const silent = createServer((socket) => {
      open.add(socket.on('error', () => undefined));
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const hanging: Project[] = [];
    for (let count = 0; count < 20; count++) {
      const project = await hexclave.createProject();
      const connectionString = `postgresql://u:p@127.0.0.1:${port}/x?sslmode=disable`;
      await project.configure({ [pathOf('main')]: { type: 'postgres', connectionString } });
      hanging.push(project);
    }
    await waitUntil(() => open.size >= 20, { timeoutMs: 20_000, describe: 'all to hang' });
    const seen: number[] = [];
    for (let count = 0; count < 10; count++) seen.push(await latency());
    seen.sort((a, b) => a - b);
    expect(median(seen)).toBeLessThan(1_000);
    expect(seen.at(-1)).toBeLessThan(5_000);
    await hexclave.db.query('DELETE FROM "ExternalDatabase" WHERE "tenancyId" = ANY ($1)', [
      hanging.map(({ tenancyId }) => tenancyId),
    ]);
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  }, 120_000);

  test('when 10,000 tenancies wake at once: all are reached, and whoever comes meanwhile waits no longer than they do', async () => {
    // Paused, so that each costs what every wake costs, and not what 10,000 databases would.
    await hexclave.db.query(`
      INSERT INTO "Project" ("id", "displayName") SELECT 'crowd-' || n, 'One of many' FROM generate_series(1, 10000) n;
      INSERT INTO "Tenancy" ("id", "projectId") SELECT gen_random_uuid(), p."id" FROM "Project" p WHERE p."id" LIKE 'crowd-%'
        ON CONFLICT DO NOTHING;
      INSERT INTO "ExternalDatabase" ("tenancyId", "id", "connectionCiphertext", "connectionKeyId", "connectionDisplay", "paused")
        SELECT t."id", 'main', '', 'none', '{}', true FROM "Tenancy" t WHERE t."projectId" LIKE 'crowd-%'`);
    await hexclave.db.query(
      `INSERT INTO "ProjectUser" ("tenancyId") SELECT t."id" FROM "Tenancy" t WHERE t."projectId" LIKE 'crowd-%'`,
    );
    const started = performance.now();
    const isQuiet = async () => {
      const [row] = await hexclave.db.query<{ busy: boolean }>(
        `SELECT EXISTS (SELECT 1 FROM "OutgoingRequest" WHERE "kind" = 'sync' AND "tenancyId" <> $1)
           OR EXISTS (SELECT 1 FROM "ProjectUser" WHERE "shouldUpdateSequenceId") AS busy`,
        [small.tenancyId],
      );
      return row?.busy === false;
    };
    const seen = await latenciesUntil(isQuiet);
    expect(performance.now() - started).toBeLessThan(90_000);
    // They are served in the order in which they came.
    expect(seen.at(-1)).toBeLessThan(60_000);
    expect(seen[0]).toBeLessThan(5_000);
  }, 180_000);
});
