import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEndOfFile } from '@hexclave/testing';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasNoBrowser, launchBrowser, openPage, type WatchedPage } from './support/browser.ts';
import { type DashboardServer, signIn, startDashboard } from './support/dashboard.ts';

/** A page of another site, in the browser of somebody who is signed in to the dashboard. */
describe.skipIf(hasNoBrowser)('A13 requests that another site makes a browser send', () => {
  let server: DashboardServer;
  let browser: Browser;
  let victim: WatchedPage;
  let attacker: string;

  beforeAll(async () => {
    [server, browser, attacker] = await Promise.all([
      startDashboard({ HEXCLAVE_EXTERNAL_DB_SYNC_RUN_LOOPS: 'false' }),
      launchBrowser(),
      startForeignSite(),
    ]);
    victim = await openPage(browser, server.url);
    await signIn(victim.page, server.demo);
    await victim.page.goto(attacker);
  });

  /** Runs in the attacker's page; resolves to what its script gets to see. */
  function onForeignPage(script: string): Promise<unknown> {
    return victim.page.evaluate(`(async () => { ${script} })().catch((error) => 'refused: ' + error.name)`);
  }

  async function counts(): Promise<unknown> {
    const [row] = await server.database.db.query(
      `SELECT (SELECT count(*) FROM "ProjectUser") AS "users", (SELECT count(*) FROM "DashboardSession") AS "sessions"`,
    );
    return row;
  }

  test.each([
    ['GET', '/api/v1/users', undefined],
    ['GET', '/session', undefined],
    ['GET', '/api/v1/internal/external-db-sync/status/stream', undefined],
    ['POST', '/api/v1/users', '{}'],
    ['POST', '/api/v1/internal/external-db-sync/enqueue', undefined],
    ['DELETE', '/session', undefined],
    ['DELETE', '/api/v1/internal/projects/current', undefined],
  ])('%s %s by a script: nothing is read and nothing changed', async (method, path, body) => {
    const before = await counts();
    const init = { method, credentials: 'include', ...(body && { body }) };
    const read = await onForeignPage(
      `const answer = await fetch(${JSON.stringify(server.url + path)}, ${JSON.stringify(init)}); return await answer.text();`,
    );
    expect(read).toBe('refused: TypeError');
    const blind = { ...init, mode: 'no-cors' };
    await onForeignPage(`await fetch(${JSON.stringify(server.url + path)}, ${JSON.stringify(blind)})`);
    expect(await counts()).toEqual(before);
  });

  test('a form that is sent by itself: nothing changed', async () => {
    const before = await counts();
    const page = await victim.context.newPage();
    await page.goto(attacker);
    await Promise.all([
      page.waitForResponse((response) => response.url().startsWith(server.url)),
      page.evaluate(`{
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', enctype: 'text/plain', action: ${JSON.stringify(`${server.url}/api/v1/users`)} });
        const field = document.createElement('input');
        Object.assign(field, { name: '{"display_name":"forged', value: '"}' });
        form.append(field);
        document.body.append(form);
        form.submit();
      }`),
    ]);
    expect(await counts()).toEqual(before);
    await page.close();
  });

  test('a frame: the dashboard does not show itself in it', async () => {
    const page = await victim.context.newPage();
    await page.goto(attacker);
    await page.evaluate(`{
      const frame = document.createElement('iframe');
      frame.src = ${JSON.stringify(server.url)};
      document.body.append(frame);
    }`);
    await page.waitForFunction(`document.querySelector('iframe').contentDocument === null`);
    const frame = page.frames().find((candidate) => candidate !== page.mainFrame());
    expect(await frame?.locator('#root').count()).toBe(0);
    await page.close();
  });

  test('the same requests from the dashboard’s own page are answered', async () => {
    const page = await victim.context.newPage();
    await page.goto(server.url);
    const status = await page.evaluate(`fetch('/api/v1/users').then((answer) => answer.status)`);
    expect(status).toBe(200);
    await page.close();
  });
});

/** Another host than the dashboard's, as browsers tell sites apart: by number instead of by name. */
async function startForeignSite(): Promise<string> {
  const site = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Another site</title><body>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', () => resolve()));
  atEndOfFile(
    () =>
      new Promise((resolve) => {
        site.close(() => resolve());
        site.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
}
