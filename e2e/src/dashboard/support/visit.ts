import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage, type WatchedPage } from './browser.ts';
import { type DashboardServer, startDashboard } from './dashboard.ts';

/** Somebody in front of a dashboard, before the first page. */
export type Visit = { server: DashboardServer; browser: Browser; watched: WatchedPage; page: Page };

export async function startVisit(): Promise<Visit> {
  const [server, browser] = await Promise.all([startDashboard(), launchBrowser()]);
  const watched = await openPage(browser, server.url);
  return { server, browser, watched, page: watched.page };
}

/** Resolves once the page of that title is there. */
export async function seeHeading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** Goes to one of the pages that the navigation names, by its title. */
export async function followLink(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();
  await seeHeading(page, name);
}
