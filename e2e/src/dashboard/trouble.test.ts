import { randomBytes } from 'node:crypto';
import { quoteIdentifier } from '@hexclave/db';
import { createEmptyDatabase, type FaultProxy, startFaultProxy, type TestDatabase } from '@hexclave/testing';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { addDatabase, callApi, removeDatabase } from './support/api.ts';
import { hasNoBrowser, openPage, type WatchedPage } from './support/browser.ts';
import { type DashboardServer, signIn } from './support/dashboard.ts';
import { expectRows, expectText } from './support/owner.ts';
import { takeScreenshot } from './support/screenshots.ts';
import { seeHeading, startVisit } from './support/visit.ts';

const MANY_USERS = 60_000;
const SLOW_LINK_MS = 150;
/** A server has to start in it, and the page to find it. */
const RESTART_MS = 150_000;

/** What a project's owner is told while something takes long, is stopped, or has failed. The tests build upon each other. */
describe.skipIf(hasNoBrowser)('an owner, when not all is well', () => {
  let shop: TestDatabase;
  let proxy: FaultProxy;
  let server: DashboardServer;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    // Before the server, so that it is put away after it.
    shop = await createEmptyDatabase();
    const address = new URL(shop.connectionString);
    proxy = await startFaultProxy(Number(address.port));
    address.port = String(proxy.port);
    ({ server, browser, watched, page } = await startVisit());
    await fillUsers(server);
    proxy.delay(SLOW_LINK_MS);
    await addDatabase(server, address.href);
    await signIn(page, server.demo);
    return () => proxy.close();
  });

  afterEach(() => {
    // The browser itself notes each answer that is an error, and each that does not come.
    const scripts = watched.complaints
      .splice(0)
      .filter((complaint) => !complaint.startsWith('Failed to load resource'));
    expect(scripts).toEqual([]);
  });

  const heading = (name: string) => seeHeading(page, name);
  const card = (name: string) => page.getByRole('region', { name, exact: true });
  const asOperator = (path: string, body: object, method = 'POST') =>
    callApi(server, server.internal, method, `/internal/external-db-sync/${path}`, body);
  const ofDemo = (path: string) => `${path}?project_id=${server.demo.projectId}`;

  test('watches a first copy over a slow link come nearer to its end', async () => {
    await page.getByRole('link', { name: 'main', exact: true }).click();
    await heading('main');
    const bar = page.getByRole('progressbar', { name: /^Copying all rows/ });
    await bar.waitFor();
    const seen: number[] = [];
    await expect
      .poll(
        async () => {
          const value = Number((await bar.getAttribute('aria-valuenow', { timeout: 1_000 }).catch(() => null)) ?? 100);
          if (value !== seen.at(-1)) seen.push(value);
          return seen.filter((each) => each > 0 && each < 100).length;
        },
        { timeout: 60_000, interval: 50 },
      )
      .toBeGreaterThanOrEqual(2);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    await takeScreenshot(page, 'first-copy');
    proxy.calm();
    await bar.waitFor({ state: 'hidden', timeout: 60_000 });
    await expectText(card('Freshness'), /Fresh[\s\S]*nothing is waiting/);
    await expectRows(shop, 'SELECT count(*)::int AS n FROM hexclave.users', [{ n: MANY_USERS }]);
  });

  test('sees the steps of a connection test one after the other', async () => {
    const reached = proxy.strike('has_database_privilege', 'hold');
    await page.getByRole('button', { name: 'Test connection' }).click();
    await reached;
    const steps = page.getByRole('list', { name: 'Steps of the connection test' }).getByRole('listitem');
    await expectText(steps.filter({ hasText: 'Sign-in' }), 'fine');
    await expectText(steps.filter({ hasText: 'Privileges' }), 'under way');
    await expectText(steps.filter({ hasText: 'Round-trip time' }), 'waiting');
    proxy.calm();
    await page.getByText('The connection works').waitFor();
    expect(await steps.filter({ hasText: 'fine' }).count()).toBeGreaterThan(5);
    await page.keyboard.press('Escape');
  });

  test('is told which rows their own database refuses, and finds out why', async () => {
    await shop.db.query(`ALTER TABLE hexclave.users ADD CONSTRAINT no_eve CHECK (display_name <> 'Eve') NOT VALID`);
    await callApi(server, server.demo, 'POST', '/users', { display_name: 'Eve' });
    await page.getByRole('heading', { name: 'users: 1 row is parked' }).waitFor();
    const sql = await page.getByRole('region', { name: 'SQL that lists the parked rows' }).innerText();
    const parked = await shop.db.query<object>(sql);
    expect(parked).toHaveLength(1);
    expect(JSON.stringify(parked)).toContain('no_eve');
    await takeScreenshot(page, 'parked-rows');
    await shop.db.query('ALTER TABLE hexclave.users DROP CONSTRAINT no_eve');
    await page.getByRole('button', { name: 'Retry now' }).click();
    await page.getByRole('heading', { name: 'users: 1 row is parked' }).waitFor({ state: 'hidden' });
    await expectRows(shop, `SELECT count(*)::int AS n FROM hexclave.users WHERE display_name = 'Eve'`, [{ n: 1 }]);
    await page.getByRole('link', { name: 'External databases' }).first().click();
    await heading('External databases');
  });

  test('asks for a sync, and follows what it comes to', async () => {
    await page.getByRole('button', { name: 'Sync now' }).click();
    const result = page.getByRole('region', { name: 'What the sync has come to' });
    await expectText(result, /A sync was asked for at \d\d:\d\d:\d\d[\s\S]*main[\s\S]*has everything/);
    await takeScreenshot(page, 'sync-now');
    proxy.refuse(true);
    proxy.cut();
    await callApi(server, server.demo, 'POST', '/users', { display_name: 'Ada' });
    await expectText(page.getByRole('article', { name: 'External database main' }), 'Failing');
    await page.getByRole('button', { name: 'Sync now' }).click();
    await expectText(result, /main[\s\S]*was tried, and failed again/);
    proxy.refuse(false);
    await page.getByRole('button', { name: 'Sync now' }).click();
    await expectText(result, /main[\s\S]*has everything/);
    await result.getByRole('button', { name: 'Close' }).click();
    await result.waitFor({ state: 'hidden' });
  });

  test('copies the SQL that makes a database which is not there, without the words around it, and it is run as it is', async () => {
    const name = `Orders; or "so" ${randomBytes(4).toString('hex')}`;
    onTestFinished(
      async () => void (await shop.db.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)),
    );
    const address = new URL(shop.connectionString);
    address.pathname = encodeURIComponent(name);
    await addDatabase(server, address.href, 'orders');
    await page.getByRole('article').getByRole('link', { name: 'orders', exact: true }).click();
    await heading('orders');
    const error = page.getByRole('alert').filter({ hasText: 'TARGET_DATABASE_MISSING' });
    await expectText(error, /Run:[\s\S]*or correct its name in the connection string\./);
    await watched.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await error.getByRole('button', { name: 'Copy: The SQL that fixes it' }).click();
    await error.getByText('Copied').waitFor();
    await shop.db.query((await page.evaluate('navigator.clipboard.readText()')) as string);
    await error.getByRole('button', { name: 'Retry now' }).click();
    await error.waitFor({ state: 'hidden' });
    await expectText(card('Freshness'), /Fresh[\s\S]*nothing is waiting/);
    await removeDatabase(server, 'orders');
    await page.getByRole('link', { name: 'External databases' }).first().click();
    await heading('External databases');
  });

  test('sees that the operator has paused it, and why, and cannot lift that', async () => {
    await page.getByRole('article').getByRole('link', { name: 'main', exact: true }).click();
    await heading('main');
    await asOperator(ofDemo('pause'), { external_database_id: 'main', reason: 'too many connections' });
    await page.getByRole('heading', { name: 'Paused by the operator of the server' }).waitFor();
    await page.getByText('“too many connections”').waitFor();
    await expectText(card('Freshness'), 'Paused');
    expect(await page.getByRole('button', { name: 'Resume' }).count()).toBe(0);
    // Nor by another way: a resume of the owner's ends pauses of the owner's only.
    await callApi(server, server.demo, 'POST', '/internal/external-db-sync/resume', { external_database_id: 'main' });
    await page.reload();
    await page.getByRole('heading', { name: 'Paused by the operator of the server' }).waitFor();
    await expectText(card('Freshness'), 'Paused');
    await asOperator(ofDemo('resume'), { external_database_id: 'main' });
    await expectText(card('Freshness'), /Fresh[\s\S]*nothing is waiting/);
  });

  test('is told when the operator has switched off a part of the pipeline, and when it is on again', async () => {
    await asOperator('fusebox', { sync_engine: false, reason: 'maintenance' }, 'PATCH');
    await page.getByText('Off: sync engine. Changes are kept').waitFor();
    await asOperator('fusebox', { sync_engine: true, reason: 'maintenance is over' }, 'PATCH');
    await page.getByText('Off: sync engine').waitFor({ state: 'hidden' });
  });

  test('is asked to sign in again once the session has ended, and is then back at the page', async () => {
    await endSessions(server);
    await page.getByRole('link', { name: 'Users' }).click();
    await heading('Sign in to Hexclave');
    await submitKey(page, server);
    await heading('Users');
  });

  test(
    'is told how old it is what is seen while the server is away, and goes on when it is back',
    async () => {
      await page.getByRole('link', { name: 'External databases' }).click();
      await page.getByText('Live', { exact: true }).waitFor();
      server.program.kill('SIGKILL');
      await page.getByText(/Connection lost, trying again · as it was \d+(\.\d)? s ago/).waitFor();
      // What was known stays to be seen.
      await expectText(page.getByRole('article', { name: 'External database main' }), 'Fresh');
      await takeScreenshot(page, 'connection-lost');
      await server.startAgain();
      await page.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
    },
    RESTART_MS,
  );

  test('keeps a session by what they do, and not by a page that is left open', async () => {
    const { page: other } = await openPage(browser, server.url);
    await other.clock.install();
    const answered = (path: string) => other.waitForResponse((response) => new URL(response.url()).pathname === path);
    const opened = answered('/session/use');
    await signIn(other, server.internal);
    await opened;
    await other.getByText('Live', { exact: true }).waitFor();
    await leaveUnused(server, '11 hours');
    const asked = answered('/session');
    await other.clock.fastForward('01:01');
    await asked;
    expect(await hoursUnused(server)).toBe(11);
    const find = other.getByLabel('Find by name or id');
    const deeds = [
      () => other.keyboard.press('Tab'),
      () => find.focus().then(() => other.keyboard.insertText('dictated')),
    ];
    for (const deed of deeds) {
      const told = answered('/session/use');
      await deed();
      expect((await told).status()).toBe(200);
      expect(await hoursUnused(server)).toBe(0);
      await leaveUnused(server, '11 hours');
      await other.clock.fastForward('01:01');
    }
    await other.context().close();
  });

  test('is led to the sign-in also by a page at which nobody does anything', async () => {
    await endSessions(server);
    await heading('Sign in to Hexclave');
    await submitKey(page, server);
    await heading('External databases');
  });
});

async function fillUsers({ database, demo }: DashboardServer): Promise<void> {
  await database.db.query(
    `INSERT INTO "ProjectUser" ("tenancyId", "displayName")
     SELECT t."id", 'User ' || n FROM "Tenancy" t, generate_series(1, ${MANY_USERS}) n WHERE t."projectId" = $1`,
    [demo.projectId],
  );
  // How many rows there will be is told from these figures.
  await database.db.query('ANALYZE "ProjectUser"');
}

async function endSessions({ database }: DashboardServer): Promise<void> {
  await database.db.query('DELETE FROM "DashboardSession"');
}

/** As if nobody had used any session for so long. */
async function leaveUnused({ database }: DashboardServer, since: string): Promise<void> {
  await database.db.query('UPDATE "DashboardSession" SET "lastUsedAt" = now() - $1::interval', [since]);
}

/** Of the session that was used last. */
async function hoursUnused({ database }: DashboardServer): Promise<number | undefined> {
  const [row] = await database.db.query<{ hours: number }>(
    'SELECT (EXTRACT(epoch FROM now() - max("lastUsedAt")) / 3600)::int AS hours FROM "DashboardSession"',
  );
  return row?.hours;
}

async function submitKey(page: Page, { demo }: DashboardServer): Promise<void> {
  await page.getByLabel('Project id').fill(demo.projectId);
  await page.getByLabel('Super secret admin key').fill(demo.superSecretAdminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
