import { createEmptyDatabase } from '@hexclave/testing';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addDatabase, callApi } from './support/api.ts';
import {
  ALL_PAGES_MS,
  accessibilityProblems,
  hasNoBrowser,
  openPage,
  problemsAtAnyWidth,
  type WatchedPage,
} from './support/browser.ts';
import { type DashboardServer, signIn } from './support/dashboard.ts';
import { takeScreenshot } from './support/screenshots.ts';
import { fillHistory, WORST_LAG_SECONDS, WRITTEN_PER_SECOND, writeSteadily } from './support/seed.ts';
import { followLink, seeHeading, startVisit } from './support/visit.ts';

const HOSTILE_NAMES = [
  '<img src=x onerror=alert(1)>',
  '“><script>alert(1)</script>',
  '\u202Eevil\u202C & co',
  'x'.repeat(256),
];

/** What somebody who runs the server does, from the sign-in to the audit log. The tests build upon each other. */
describe.skipIf(hasNoBrowser)('the operator', () => {
  let server: DashboardServer;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  let stopWriting: () => Promise<void>;

  beforeAll(async () => {
    // Before the server, so that it is put away after it.
    const { connectionString } = await createEmptyDatabase();
    ({ server, browser, watched, page } = await startVisit());
    await Promise.all([fillHistory(server.database.db), addDatabase(server, connectionString)]);
    stopWriting = writeSteadily(server);
  });

  afterEach(() => {
    expect(watched.complaints.splice(0)).toEqual([]);
  });

  const heading = (name: string) => seeHeading(page, name);
  const follow = (link: string) => followLink(page, link);

  const expectRate = async (stage: string, what: string, least: number) => {
    const figure = page.getByRole('region', { name: stage }).getByText(what).locator('xpath=..');
    await expect.poll(() => figure.innerText().then(Number.parseFloat), { timeout: 50_000 }).toBeGreaterThan(least);
  };

  test('is told what is wrong with a key, and signs in with a right one by keyboard alone', async () => {
    await page.goto('/pipeline');
    await heading('Sign in to Hexclave');
    await takeScreenshot(page, 'sign-in');
    await page.getByLabel('Super secret admin key').fill('sak_wrong');
    await page.keyboard.press('Enter');
    await page.getByText('INVALID_SUPER_SECRET_ADMIN_KEY').waitFor();
    // The browser itself notes each answer that is an error.
    watched.complaints.splice(0);
    await page.getByLabel('Super secret admin key').fill(server.internal.superSecretAdminKey);
    await page.keyboard.press('Enter');
    // Back at the page that was asked for.
    await heading('Pipeline');
  });

  test('sees the pipeline live, with the switches as they stand', async () => {
    await page.getByText('Live', { exact: true }).waitFor();
    const stages = page.getByRole('region').filter({ has: page.getByText('On', { exact: true }) });
    await expectCount(stages, 4);
    await expectRate('Sequencer', 'rows numbered', 0);
    await expectRate('Sync engine', 'rows written', 0);
    // Samples of what is really written have then taken the place of the hour that is made up.
    await takeScreenshot(page, 'pipeline', () => expectRate('Sync engine', 'rows written', WRITTEN_PER_SECOND / 2));
    await stopWriting();
  });

  test('sees the last hour, and how bad it was at the worst', async () => {
    const lag = page.getByRole('img', { name: /^Lag in the last hour/ });
    expect(await lag.getAttribute('aria-label')).toContain(`at most ${WORST_LAG_SECONDS} s`);
    await page.getByRole('region', { name: 'Servers' }).first().scrollIntoViewIfNeeded();
  });

  test('creates a project, and is led to its keys', async () => {
    await follow('Projects');
    await page.getByRole('button', { name: 'Create project' }).click();
    const dialog = page.getByRole('dialog', { name: 'Create project' });
    await dialog.getByLabel('Name').fill('Bakery');
    await dialog.getByRole('button', { name: 'Create project' }).click();
    await heading('API keys');
    await page.getByText('This project has no keys yet').waitFor();
    await page.getByRole('button', { name: 'Create keys' }).click();
    await page.getByLabel('Description').fill('backend');
    await page.getByRole('dialog').getByRole('button', { name: 'Create keys' }).click();
    expect(await page.getByRole('region', { name: 'Secret server key' }).innerText()).toMatch(/^ssk_/);
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByText('Valid').waitFor();
    await takeScreenshot(page, 'api-keys');
  });

  test('finds it in the list of all projects, and names in it are text whatever they are', async () => {
    for (const name of HOSTILE_NAMES)
      await callApi(server, server.internal, 'POST', '/internal/projects', { display_name: name });
    await page.goto('/projects');
    for (const name of ['Bakery', ...HOSTILE_NAMES]) await page.getByRole('link', { name, exact: true }).waitFor();
    expect(await page.locator('#root img, #root script').count()).toBe(0);
    await page.getByLabel('Find by name or id').fill('onerror');
    await page.getByRole('link', { name: HOSTILE_NAMES[0] ?? '', exact: true }).click();
    await heading('External databases');
    expect(await page.locator('#root img, #root script').count()).toBe(0);
  });

  test('flips a switch of the fusebox, and it works', async () => {
    await follow('Fusebox');
    await page.getByRole('switch', { name: 'Sequencer' }).click();
    const dialog = page.getByRole('dialog', { name: 'Switch off: Sequencer' });
    expect(await dialog.getByRole('button', { name: 'Switch off' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill('maintenance of db7');
    await dialog.getByRole('button', { name: 'Switch off' }).click();
    await page.getByRole('heading', { name: 'Off: Sequencer' }).waitFor();
    await page.getByText('“maintenance of db7”').waitFor();
    await page.getByText(/Operator \(key ….{4}, dashboard\)/).waitFor();
    await takeScreenshot(page, 'fusebox');
    await callApi(server, server.demo, 'POST', '/users', { display_name: 'Ada' });
    await follow('Pipeline');
    await page.getByText('A part of the pipeline is switched off').waitFor();
    const sequencer = page.getByRole('region', { name: 'Sequencer' });
    await sequencer.getByText('Off', { exact: true }).waitFor();
    await expectFact(sequencer, 'ProjectUser waiting', '1');
  });

  test('flips it back, and what was kept is worked off', async () => {
    await follow('Fusebox');
    await page.getByRole('switch', { name: 'Sequencer' }).click();
    await page.getByLabel('Reason').fill('maintenance is over');
    await page.getByRole('button', { name: 'Switch on' }).click();
    await page.getByText('“maintenance is over”').waitFor();
    await follow('Pipeline');
    await expectFact(page.getByRole('region', { name: 'Sequencer' }), 'ProjectUser waiting', '0');
  });

  test('needs no mouse: to the fusebox, to a switch, and out of its dialog again', async () => {
    await page.reload();
    await heading('Pipeline');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the page');
    await tabTo(page, 'Fusebox');
    await page.keyboard.press('Enter');
    await heading('Fusebox');
    await page.getByRole('switch', { name: 'Poller' }).waitFor();
    // Reading goes on at the page, not behind the link.
    await tabTo(page, 'Poller', 4);
    await page.keyboard.press('Space');
    const dialog = page.getByRole('dialog', { name: 'Switch off: Poller' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.getByRole('switch', { name: 'Poller' }).getAttribute('aria-checked')).toBe('true');
    expect(await focused(page)).toBe('Poller');
  });

  test('reads in the audit log who did what, and why', async () => {
    await follow('Audit log');
    await page.getByText('maintenance of db7').waitFor();
    await takeScreenshot(page, 'audit-log');
    await page.getByLabel('Show').selectOption({ label: 'Fusebox flipped' });
    await expectCount(page.getByRole('button', { name: 'Fusebox flipped' }), 2);
    await page.getByRole('button', { name: 'Fusebox flipped' }).last().click();
    const dialog = page.getByRole('dialog', { name: 'Fusebox flipped' });
    await dialog.getByText('maintenance of db7').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  test.each(['light', 'dark'] as const)(
    'finds pages that are whole at any width, and that axe has nothing serious to say about, in %s colours',
    async (scheme) => {
      const other = await openPage(browser, server.url, scheme);
      // Where things are does not depend on their colours.
      const problemsOf = scheme === 'light' ? problemsAtAnyWidth : accessibilityProblems;
      await other.page.goto('/sign-in');
      const found = new Map([['/sign-in', await problemsOf(other.page)]]);
      await signIn(other.page, server.internal);
      const project = `/projects/${server.demo.projectId}`;
      for (const path of [
        '/projects',
        '/pipeline',
        '/fusebox',
        '/audit-log',
        `${project}/keys`,
        `${project}/audit-log`,
        `${project}/settings`,
      ]) {
        await other.page.goto(path);
        await other.page.waitForLoadState('load');
        await other.page.getByRole('heading', { level: 1 }).waitFor();
        await expectCount(other.page.getByText(/being loaded|being looked at/), 0);
        found.set(path, await problemsOf(other.page));
      }
      expect([...found].filter(([, problems]) => problems.length > 0)).toEqual([]);
      expect(other.complaints).toEqual([]);
      await other.context.close();
    },
    ALL_PAGES_MS,
  );

  test('deletes a project only by typing its name', async () => {
    await page.goto('/projects');
    await page.getByRole('link', { name: 'Bakery', exact: true }).click();
    await follow('Settings');
    await takeScreenshot(page, 'settings');
    await page.getByRole('button', { name: 'Delete project …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete the project' });
    const confirm = dialog.getByRole('button', { name: 'Delete project' });
    await dialog.getByLabel('Type Bakery to confirm').fill('bakery');
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('Type Bakery to confirm').fill('Bakery');
    await confirm.click();
    await heading('Projects');
    // Projects without a database, as it was, are a list of their own, which comes last.
    await page.getByRole('link', { name: HOSTILE_NAMES[0] ?? '', exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'Bakery', exact: true }).count()).toBe(0);
  });

  test('signs out, and nothing is shown any more', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading('Sign in to Hexclave');
    await page.goto('/projects');
    await heading('Sign in to Hexclave');
  });
});

type Locator = ReturnType<Page['locator']>;

async function expectCount(locator: Locator, count: number): Promise<void> {
  await expect.poll(() => locator.count(), { timeout: 20_000 }).toBe(count);
}

/** The value beside a name in a list of facts. */
async function expectFact(region: Locator, name: string, value: string): Promise<void> {
  const shown = region.locator(`dt:text-is("${name}") + dd`);
  await expect.poll(() => shown.innerText(), { timeout: 20_000 }).toBe(value);
}

/** What the keyboard acts upon, by its name. */
function focused(page: Page): Promise<string> {
  return page.evaluate(
    `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()`,
  ) as Promise<string>;
}

async function tabTo(page: Page, name: string, most = 30): Promise<void> {
  for (let pressed = 0; pressed < most; pressed++) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === name) return;
  }
  throw new Error(`${name} was not reached by pressing Tab ${most} times`);
}
