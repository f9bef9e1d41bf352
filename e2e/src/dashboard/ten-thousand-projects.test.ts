import { fileNeedsMigrations } from '@hexclave/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasNoBrowser, launchBrowser, openPage, type WatchedPage } from './support/browser.ts';
import { type DashboardServer, signIn, startDashboard } from './support/dashboard.ts';
import { takeScreenshot } from './support/screenshots.ts';
import { fillProjects, letWait } from './support/seed.ts';

fileNeedsMigrations(['0017_tenancy_lag']);

const PROJECTS = 10_000;
/** The internal one and the demo. */
const OTHERS = 2;
/** Rows that a window shows, with those that are kept ready beyond its edges: far fewer than there are. */
const MOST_DRAWN = 150;
/** One that is well, until a test lets it fail: `Forum 9996`. */
const LATE = 9_996;

describe.skipIf(hasNoBrowser)('ten thousand projects', () => {
  let server: DashboardServer;
  let watched: WatchedPage;
  let expected: { failing: number; paused: number };
  let waiting: string[];
  const asked: string[] = [];

  beforeAll(async () => {
    const [started, browser] = await Promise.all([
      startDashboard({ HEXCLAVE_EXTERNAL_DB_SYNC_RUN_LOOPS: 'false' }),
      launchBrowser(),
    ]);
    server = started;
    expected = await fillProjects(server.database.db, PROJECTS);
    waiting = await letWait(server.database.db);
    watched = await openPage(browser, server.url);
    watched.page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/api/')) asked.push(pathname.split('/').slice(-1).join());
    });
    await signIn(watched.page, server.internal);
  });

  const table = () => watched.page.getByRole('region', { name: 'Projects' });
  const rows = () => table().locator('tbody a');
  const states = () => table().locator('tbody tr td:nth-child(2)').allInnerTexts();
  const choice = (name: string) => watched.page.getByRole('button', { name, exact: true });
  const column = (name: string) => table().getByRole('button', { name, exact: true });
  const sortedBy = () =>
    table()
      .locator('th[aria-sort]')
      .evaluateAll((heads) => heads.map((head) => `${head.textContent} ${head.ariaSort}`));
  const count = (number: number) => number.toLocaleString('en');

  test('what fails is seen with the first answer, above all others', async () => {
    await watched.page.getByText('Nobody answers at the address').first().waitFor();
    expect((await states()).slice(0, 5)).toEqual(Array(5).fill('Failing'));
    expect(asked.filter((path) => path === 'status')).toHaveLength(1);
    // Nothing else is loaded in the background: there is nothing to wait for.
    expect(asked.filter((path) => path === 'projects').length).toBeLessThanOrEqual(1);
  });

  test('all of them are counted, and only those that are seen are drawn', async () => {
    await choice(`${count(PROJECTS + OTHERS)} All`).waitFor();
    await choice(`${expected.failing} Failing`).waitFor();
    await choice(`${expected.paused} Paused`).waitFor();
    await choice(`${OTHERS} No database`).waitFor();
    expect(await rows().count()).toBeLessThan(MOST_DRAWN);
    await takeScreenshot(watched.page, 'projects');
  });

  test('they are sorted, scrolled and searched without stutter', async () => {
    const { page } = watched;
    await page.evaluate(`{
      window.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
      }).observe({ type: 'longtask' });
    }`);
    // Of all ten thousand, though the browser has a page of them.
    for (const direction of ['ASC', 'DESC']) {
      const [first] = await server.database.db.query<{ name: string }>(
        `SELECT "displayName" AS "name" FROM "Project" WHERE "id" LIKE '00000000-%' ORDER BY lower("displayName") ${direction} LIMIT 1`,
      );
      await column('Project').click();
      await expect.poll(() => rows().first().innerText(), { timeout: 20_000 }).toBe(first?.name);
    }
    const lastLoaded = () => rows().last().locator('xpath=ancestor::tr').getAttribute('aria-rowindex').then(Number);
    for (const loaded of [200, 400, 600]) {
      const scroll = `{ const box = document.querySelector('section[aria-label="Projects"]'); box.scrollTop = box.scrollHeight; }`;
      await expect.poll(() => page.evaluate(scroll).then(lastLoaded), { timeout: 20_000 }).toBeGreaterThan(loaded);
    }
    expect(await rows().count()).toBeLessThan(MOST_DRAWN);
    await page.getByLabel('Find by name or id').fill('clinic 77');
    await page.getByRole('link', { name: 'Clinic 7798', exact: true }).waitFor();
    await expect.poll(() => rows().allInnerTexts()).toEqual(expect.not.arrayContaining(['Shop 9990']));
    expect(new URL(page.url()).searchParams.get('q')).toBe('clinic 77');
    // Generous, for machines that do much else: a freeze is seconds.
    expect(await page.evaluate('window.longest')).toBeLessThan(1_000);
    await page.getByLabel('Find by name or id').fill('');
  });

  test('the one that has waited for longest is one press away, and the one that has for least another', async () => {
    await column('Lag').click();
    await expect.poll(async () => (await rows().allInnerTexts()).slice(0, waiting.length)).toEqual(waiting);
    expect(await sortedBy()).toEqual(['Lag descending']);
    const lags = await table().locator('tbody tr td:nth-child(4)').allInnerTexts();
    expect(lags[0]).toMatch(/^2\d min$/);
    await column('Lag').click();
    await expect
      .poll(async () => (await rows().allInnerTexts()).slice(0, waiting.length))
      .toEqual(waiting.toReversed());
    expect(await sortedBy()).toEqual(['Lag ascending']);
    // Not by what the browser has a page of only.
    for (const name of ['Rows behind', 'Databases', 'Last arrival', 'Problem'])
      expect(await column(name).count()).toBe(0);
  });

  test('what is few enough to be there as a whole is sorted by any column', async () => {
    await choice(`${expected.failing} Failing`).click();
    await column('Last arrival').click();
    await expect.poll(sortedBy).toEqual(['Last arrival descending']);
    expect(new Set(await states())).toEqual(new Set(['Failing']));
    const names = await rows().allInnerTexts();
    expect(names).toHaveLength(expected.failing);
    await column('Last arrival').click();
    await expect.poll(() => rows().allInnerTexts()).toEqual(names.reverse());
  });

  test('one that begins to fail comes to the top by itself, and goes when it is well again', async () => {
    await choice(`${count(PROJECTS + OTHERS)} All`).click();
    await expect.poll(async () => (await states()).length).toBeGreaterThan(expected.failing);
    await setFailing(server, LATE, true);
    await choice(`${expected.failing + 1} Failing`).waitFor();
    await watched.page.getByRole('link', { name: `Forum ${LATE}`, exact: true }).waitFor();
    await setFailing(server, LATE, false);
    await choice(`${expected.failing} Failing`).waitFor();
    await choice(`${expected.failing} Failing`).click();
    await expect.poll(() => rows().allInnerTexts()).toHaveLength(expected.failing);
    expect(await rows().allInnerTexts()).not.toContain(`Forum ${LATE}`);
    expect(watched.complaints).toEqual([]);
  });

  test('those without a database are found, and a project is one press away', async () => {
    await choice(`${OTHERS} No database`).click();
    await expect.poll(() => rows().allInnerTexts()).toEqual(expect.arrayContaining(['Demo', 'Hexclave']));
    await watched.page.getByLabel('Find by name or id').fill('DEM');
    await expect.poll(() => rows().allInnerTexts()).toEqual(['Demo']);
    await watched.page.getByRole('link', { name: 'Demo', exact: true }).click();
    await watched.page.getByRole('heading', { level: 1, name: 'External databases' }).waitFor();
    expect(watched.page.url()).toContain(`/projects/${server.demo.projectId}`);
  });
});

/** As an attempt that failed leaves a project behind, or one that worked. */
async function setFailing({ database }: DashboardServer, number: number, isFailing: boolean): Promise<void> {
  await database.db.query(
    `UPDATE "ExternalDatabaseState" SET ${
      isFailing
        ? `"errorCode" = 'TARGET_UNREACHABLE', "errorMessage" = 'Nobody answers at the address of the database.',
           "errorRemedy" = 'Start the database.', "failingSince" = now(), "attempts" = 1`
        : `"errorCode" = NULL, "errorMessage" = NULL, "errorRemedy" = NULL, "failingSince" = NULL, "attempts" = 0`
    } WHERE "tenancyId" = ('00000000-0000-4000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`,
  );
}
