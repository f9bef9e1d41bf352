import { beforeAll, describe, expect, test } from 'vitest';
import { hasNoBrowser, launchBrowser, openPage, type WatchedPage } from './support/browser.ts';
import { type DashboardServer, signIn, startDashboard } from './support/dashboard.ts';
import { takeScreenshot } from './support/screenshots.ts';
import { fillProjects } from './support/seed.ts';

const PROJECTS = 10_000;
/** The internal one and the demo. */
const OTHERS = 2;
/** Rows that a window shows, with those that are kept ready beyond its edges: far fewer than there are. */
const MOST_DRAWN = 100;

describe.skipIf(hasNoBrowser)('ten thousand projects', () => {
  let server: DashboardServer;
  let watched: WatchedPage;
  let expected: { failing: number; paused: number };

  beforeAll(async () => {
    const [started, browser] = await Promise.all([
      startDashboard({ HEXCLAVE_EXTERNAL_DB_SYNC_RUN_LOOPS: 'false' }),
      launchBrowser(),
    ]);
    server = started;
    expected = await fillProjects(server.database.db, PROJECTS);
    watched = await openPage(browser, server.url);
    await signIn(watched.page, server.internal);
  });

  const rows = () => watched.page.getByRole('region', { name: 'Projects' }).locator('tbody a');
  const choice = (name: RegExp) => watched.page.getByRole('button', { name });

  test('what fails is seen at once, above all others', async () => {
    await watched.page.getByText('Nobody answers at the address').first().waitFor();
    const states = await watched.page
      .getByRole('region', { name: 'Projects' })
      .locator('tbody tr td:nth-child(2)')
      .allInnerTexts();
    expect(states.slice(0, 5)).toEqual(Array(5).fill('Failing'));
  });

  test('all of them arrive, and only those that are seen are drawn', async () => {
    await choice(new RegExp(`${(PROJECTS + OTHERS).toLocaleString('en')} All`)).waitFor({ timeout: 60_000 });
    await choice(new RegExp(`^${expected.failing} Failing`)).waitFor();
    await choice(new RegExp(`^${expected.paused} Paused`)).waitFor();
    expect(await rows().count()).toBeLessThan(MOST_DRAWN);
    await takeScreenshot(watched.page, 'projects');
  });

  test('they are searched, sorted and scrolled without stutter', async () => {
    const { page } = watched;
    await page.evaluate(`{
      window.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
      }).observe({ type: 'longtask' });
    }`);
    await page.getByRole('button', { name: 'Project', exact: true }).click();
    expect(await rows().first().innerText()).toBe('Bakery 2');
    await page.getByRole('button', { name: 'Project', exact: true }).click();
    expect(await rows().first().innerText()).toBe('Shop 10000');
    await page.evaluate(`document.querySelector('section[aria-label="Projects"]').scrollTop = 1e9`);
    await page.getByRole('link', { name: 'Bakery 2', exact: true }).waitFor();
    await page.getByLabel('Find by name or id').fill('clinic 77');
    await page.getByRole('link', { name: 'Clinic 7798', exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get('q')).toBe('clinic 77');
    // Generous, for machines that do much else: a freeze is seconds.
    expect(await page.evaluate('window.longest')).toBeLessThan(1_000);
    expect(watched.complaints).toEqual([]);
  });

  test('a project is one press away', async () => {
    await watched.page.getByRole('link', { name: 'Clinic 7798', exact: true }).click();
    await watched.page.getByRole('heading', { level: 1, name: 'External databases' }).waitFor();
    expect(watched.page.url()).toContain('/projects/00000000-0000-4000-8000-');
  });
});
