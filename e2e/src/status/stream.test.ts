import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { apiClientAt, succeed } from '../support/api-client.ts';
import { openStream, type StreamedEvent } from './support/event-stream.ts';

let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation();
  project = await hexclave.createProject();
  external = await project.addExternalDatabase();
  await project.converged(external);
});

afterAll(() => hexclave.close());

const isSnapshot = ({ event }: StreamedEvent) => event === 'snapshot';
const tellsOfUsers = (applied: number) => (event: StreamedEvent) =>
  event.event === 'change' &&
  event.data.external_databases?.some((database: { mappings: { mapping: string; rows_applied: number }[] }) =>
    database.mappings.some(({ mapping, rows_applied }) => mapping === 'users' && rows_applied === applied),
  );

test('begins with everything, then tells what is different, and that nothing else is', async () => {
  const stream = await openStream(hexclave.server.url, project.keys);
  expect(stream.status).toBe(200);
  const snapshot = await stream.until('snapshot', isSnapshot);
  expect(snapshot.data).toMatchObject({ scope: 'tenancy', tenancy_id: project.tenancyId });
  await succeed(project.api.post('/users', { display_name: 'one' }));
  const change = await stream.until('change', tellsOfUsers(1));
  expect(change.data.external_databases).toHaveLength(1);
  const heartbeat = await stream.until('heartbeat', ({ event }) => event === 'heartbeat');
  expect(heartbeat.data.at_millis).toBeGreaterThan(0);
  await stream.close();
});

test('who comes back gets what was missed, and who was away for too long, everything', async () => {
  const stream = await openStream(hexclave.server.url, project.keys);
  const first = await stream.until('snapshot', isSnapshot);
  await stream.close();
  await succeed(project.api.post('/users', { display_name: 'two' }));
  const again = await openStream(hexclave.server.url, project.keys, '', { 'last-event-id': first.id ?? '' });
  await again.until('change', tellsOfUsers(2));
  expect(again.events.filter(isSnapshot)).toEqual([]);
  await again.close();
  const stranger = await openStream(hexclave.server.url, project.keys, '?last_event_id=another.7');
  await stranger.until('snapshot', isSnapshot);
  await stranger.close();
});

test('so many may follow a project, and one more when one of them has gone', async () => {
  const streams = await Promise.all(Array.from({ length: 50 }, () => openStream(hexclave.server.url, project.keys)));
  for (const stream of streams) await stream.until('snapshot', isSnapshot);
  const client = apiClientAt(() => hexclave.server.url, 'admin', project.keys);
  expect(await client.get('/internal/external-db-sync/status/stream')).toMatchObject({
    status: 429,
    body: { code: 'RATE_LIMITED' },
  });
  await Promise.all(streams.map((stream) => stream.close()));
  await waitUntil(
    async () => {
      const stream = await openStream(hexclave.server.url, project.keys);
      await stream.close();
      return stream.status === 200;
    },
    { timeoutMs: 10_000, describe: 'room for others once they have gone' },
  );
});

test('the operator follows all projects: those that are not fresh, and when they are again', async () => {
  const keys = { ...project.keys, projectId: 'internal', superSecretAdminKey: hexclave.secrets[3] ?? '' };
  const stream = await openStream(hexclave.server.url, keys, '?scope=all');
  const snapshot = await stream.until('snapshot', isSnapshot);
  expect(snapshot.data.pipeline.fusebox.sequencer).toBe(true);
  const about = (state: string) => (event: StreamedEvent) =>
    event.data.projects?.some(
      (each: { tenancy_id: string; state: string }) => each.tenancy_id === project.tenancyId && each.state === state,
    );
  await project.configure({ 'dbSync.externalDatabases.main.paused': true });
  await stream.until('paused', about('paused'));
  const paused = stream.events.length;
  await project.configure({ 'dbSync.externalDatabases.main.paused': false });
  await stream.until('fresh', (event) => stream.events.indexOf(event) >= paused && about('fresh')(event));
  await stream.close();
});

test('a server that stops says so, and does not wait for those who follow', async () => {
  const server = await hexclave.startServer();
  const stream = await openStream(server.url, project.keys);
  await stream.until('snapshot', isSnapshot);
  const begun = performance.now();
  expect(await hexclave.stop(server)).toBe(0);
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'server_stopping' } });
  await waitUntil(async () => stream.ended, { timeoutMs: 5_000, describe: 'the end of the stream' });
});

test('a project that is deleted ends its stream', async () => {
  const other = await hexclave.createProject();
  await other.addExternalDatabase();
  const stream = await openStream(hexclave.server.url, other.keys);
  await stream.until('snapshot', isSnapshot);
  await succeed(other.admin.delete('/internal/projects/current'));
  const end = await stream.until('end', ({ event }) => event === 'end');
  expect(end.data.reason).toBe('project_deleted');
});

test('streams end within five seconds of their key’s revocation or expiry, whichever server they are at', async () => {
  const other = await hexclave.startServer();
  const newKeys = () =>
    succeed(
      project.admin.post('/internal/api-keys', {
        description: 'a stream',
        expires_at_millis: Date.now() + 3_600_000,
        has_publishable_client_key: false,
        has_secret_server_key: false,
        has_super_secret_admin_key: true,
      }),
    );
  const [revoked, expired] = await Promise.all([newKeys(), newKeys()]);
  const open = (superSecretAdminKey: string) =>
    [hexclave.server, other].map(({ url }) => openStream(url, { ...project.keys, superSecretAdminKey }));
  const keys = [revoked, expired].map((set) => set.super_secret_admin_key as string);
  const streams = await Promise.all(keys.flatMap(open));
  const staying = await openStream(other.url, project.keys);
  for (const stream of [...streams, staying]) await stream.until('snapshot', isSnapshot);
  const isEnd = ({ event }: StreamedEvent) => event === 'end';
  const begun = performance.now();
  await succeed(project.admin.patch(`/internal/api-keys/${revoked.id}`, { revoked: true }));
  await hexclave.db.query('UPDATE "ApiKeySet" SET "expiresAt" = now() WHERE "id" = $1', [expired.id]);
  for (const stream of streams) {
    expect((await stream.until('end', isEnd)).data.reason).toBe('no_longer_allowed');
    expect(performance.now() - begun).toBeLessThan(5_000);
  }
  expect(staying.events.filter(isEnd)).toEqual([]);
  await staying.close();
  await hexclave.stop(other);
});
