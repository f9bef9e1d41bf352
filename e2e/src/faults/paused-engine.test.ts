import { LEASE_MS } from '@hexclave/sync';
import { createEmptyDatabase, waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import type { ServerProcess } from '../external-db-sync/support/server-process.ts';
import { connectionOf } from '../sync/harness.ts';
import { addUser, addUsers, rename } from '../sync/rows.ts';
import { regressions, watchVersions } from '../sync/versions.ts';
import { type GateProxy, startGateProxy } from './support/gate-proxy.ts';
import { through } from './support/through.ts';

let hexclave: Installation;
let gate: GateProxy;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 0 });
  gate = await startGateProxy(connectionOf(hexclave.connectionString).port);
});

afterAll(async () => {
  await hexclave.close();
  await gate.close();
});

beforeEach(async () => {
  for (const server of [...hexclave.servers]) await hexclave.stop(server);
  await hexclave.startServer();
  project = await hexclave.createProject();
  const database = await createEmptyDatabase();
  external = await project.addExternalDatabase({
    database,
    connectionString: through(gate, database.connectionString),
  });
  await project.converged(external);
  await project.settled();
});

/** Pauses a process when it sends something to the external database that contains `text`, which does not arrive yet. */
const isPaused = (server: ServerProcess, text: string) => {
  // A process that is paused could not be stopped either.
  onTestFinished(() => void process.kill(server.pid, 'SIGCONT'));
  gate.watch((message) => {
    if (!message.includes(text)) return 'pass';
    process.kill(server.pid, 'SIGSTOP');
    return 'hold';
  });
  return gate.held();
};

/** The paused process no longer counts: another one takes over what it has claimed. */
async function anotherGoesOn(): Promise<void> {
  await hexclave.db.query(
    `UPDATE "OutgoingRequest" SET "leaseExpiresAt" = "leaseExpiresAt" - $1 * interval '1 millisecond'
     WHERE "startedFulfillingAt" IS NOT NULL`,
    [LEASE_MS],
  );
  await hexclave.startServer();
}

describe('F8 an engine is paused past its lease, then resumed while another one runs', () => {
  test('with a page of changes on its way: the page is refused', async () => {
    const paused = hexclave.server;
    const user = await addUser(hexclave.db, project.tenancyId, { name: 'v0' });
    await project.converged(external);
    await watchVersions(external.database.db);
    const stopped = isPaused(paused, 'the position has moved');
    await rename(hexclave.db, user, 'v1');
    await stopped;
    await rename(hexclave.db, user, 'v2');
    await anotherGoesOn();
    await project.converged(external);
    gate.open();
    process.kill(paused.pid, 'SIGCONT');
    await rename(hexclave.db, user, 'v3');
    await project.converged(external);
    await project.settled();
    expect(await regressions(external.database.db)).toEqual([]);
    expect(await project.failureOf(external)).toMatchObject({ errorCode: null });
  });

  test('with a bulk batch ready to be merged: the batch is refused', async () => {
    const paused = hexclave.server;
    await external.database.db.query(
      `CREATE TABLE public.arrivals (id uuid); CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO public.arrivals VALUES (NEW.id); RETURN NULL; END $$;
       CREATE TRIGGER note AFTER INSERT OR UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION public.note()`,
    );
    const stopped = isPaused(paused, 'the position has moved');
    await addUsers(hexclave.db, project.tenancyId, 2_500);
    await stopped;
    await hexclave.db.query(
      `DELETE FROM "ProjectUser" WHERE "tenancyId" = $1 AND hashtext("projectUserId"::text) % 2 = 0`,
      [project.tenancyId],
    );
    await anotherGoesOn();
    await project.converged(external);
    await external.database.db.query('DELETE FROM public.arrivals');
    gate.open();
    process.kill(paused.pid, 'SIGCONT');
    const last = await addUser(hexclave.db, project.tenancyId, { name: 'last' });
    await project.converged(external);
    await project.settled();
    await waitUntil(async () => (await hexclave.cron(paused, 'poller', 1_000)).status === 200, {
      describe: 'the resumed process to answer',
    });
    await project.settled();
    // Nothing of the batch that was held, in which every row is that was deleted meanwhile.
    expect(await external.database.db.query('SELECT DISTINCT id FROM public.arrivals')).toEqual([{ id: last }]);
    await project.converged(external);
  });
});
