import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { addUser, removeUser, rename } from '../sync/rows.ts';
import { regressions, watchVersions } from '../sync/versions.ts';

let hexclave: Installation;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 0 });
  // Only what the test sends is delivered.
  for (const _ of [1, 2]) await hexclave.startServer({ runLoops: false });
});

afterAll(() => hexclave.close());

describe('F5 outgoing requests are duplicated ×5 and shuffled', () => {
  test('over two servers, while rows change: the same final state, and no row ever goes back', async () => {
    const project = await hexclave.createProject();
    const external = await project.addExternalDatabase();
    const deliver = async (times: number) => {
      await hexclave.cron(hexclave.server, 'sequencer');
      // Which one comes first is up to the two processes: each is sent at once, to one server or the other.
      const sent = Array.from({ length: times }, (_, index) => {
        const server = hexclave.servers[index % 2] ?? hexclave.server;
        return hexclave.callEngine(server, project.tenancyId);
      });
      for (const { status } of await Promise.all(sent)) expect(status).toBe(200);
    };
    const users: string[] = [];
    for (let count = 0; count < 5; count++) users.push(await addUser(hexclave.db, project.tenancyId, { name: 'v0' }));
    await deliver(1);
    await watchVersions(external.database.db);
    const late: Promise<void>[] = [];
    for (let version = 1; version <= 30; version++) {
      const user = users[version % users.length] ?? '';
      if (version % 7 === 0) {
        await removeUser(hexclave.db, user);
        await addUser(hexclave.db, project.tenancyId, { id: user, name: `v${version}` });
      } else await rename(hexclave.db, user, `v${version}`);
      // Requests of several changes are under way together, so they overtake each other.
      late.push(deliver(5));
      if (version % 5 === 0) await Promise.all(late.splice(0));
    }
    await project.converged(external);
    expect(await regressions(external.database.db)).toEqual([]);
    const written = await external.database.db.query('SELECT id, xmin::text FROM hexclave.users ORDER BY id');
    await deliver(5);
    expect(await external.database.db.query('SELECT id, xmin::text FROM hexclave.users ORDER BY id')).toEqual(written);
  });
});
