import { hexclaveCatalog } from '@hexclave/sync';
import { createEmptyDatabase, type TestDatabase } from '@hexclave/testing';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  ALL_PAGES_MS,
  accessibilityProblems,
  hasNoBrowser,
  openPage,
  problemsAtAnyWidth,
  type WatchedPage,
} from './support/browser.ts';
import { type DashboardServer, signIn } from './support/dashboard.ts';
import {
  type ConnectionForm,
  connectionFormFor,
  dropRole,
  expectRows,
  expectText,
  fillConnection,
  fillDatabaseHistory,
  runRoleSql,
  WORST_BACKLOG,
} from './support/owner.ts';
import { takeScreenshot } from './support/screenshots.ts';
import { followLink, seeHeading, startVisit } from './support/visit.ts';

const HOSTILE = '<img src=x onerror=alert(1)> \u202Eevil\u202C';

/** What a project's owner does, from the first database to its removal. The tests build upon each other. */
describe.skipIf(hasNoBrowser)("a project's owner", () => {
  let shop: TestDatabase;
  let form: ConnectionForm;
  let server: DashboardServer;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    // Before the server, so that it is put away after it.
    shop = await createEmptyDatabase();
    form = connectionFormFor(shop);
    ({ server, browser, watched, page } = await startVisit());
    await signIn(page, server.demo);
  });

  afterEach(() => {
    expect(watched.complaints.splice(0)).toEqual([]);
  });

  const heading = (name: string) => seeHeading(page, name);
  const follow = (link: string) => followLink(page, link);
  const openDatabase = async () => {
    await follow('External databases');
    await page.getByRole('link', { name: 'main', exact: true }).click();
    await heading('main');
  };
  const arrival = () => page.getByRole('region', { name: 'Where the change has arrived' });
  const card = (name: string) => page.getByRole('region', { name, exact: true });

  const shoot = async (name: string) => {
    await page.getByRole('main').evaluate((main) => main.scrollTo(0, 0));
    await takeScreenshot(page, name);
  };

  test('is led from nothing to the first database', async () => {
    await heading('External databases');
    await page.getByRole('heading', { name: 'Your users, in your own database' }).waitFor();
    await takeScreenshot(page, 'first-steps');
    await page.getByRole('link', { name: 'Add your first database' }).click();
    await heading('Add database');
  });

  test('is told what is wrong at the field where it is wrong', async () => {
    await fillConnection(page, { ...form, port: '99999' });
    await page.getByLabel('Id', { exact: true }).fill('My database');
    await page.getByText('an id has 1 to 63 of a-z').waitFor();
    await page.getByLabel('Id', { exact: true }).fill('main');
    await page.getByLabel('Schema', { exact: true }).fill('pg_shop');
    await page.getByRole('button', { name: 'Add database' }).click();
    await page.getByText('It has a port that is not a number from 1 to 65535.').waitFor();
    const schema = page.getByLabel('Schema', { exact: true });
    await expect.poll(() => schema.getAttribute('aria-invalid')).toBe('true');
    await page.getByText('belongs to PostgreSQL itself').waitFor();
    // The browser itself notes each answer that is an error.
    watched.complaints.splice(0);
    await schema.fill('hexclave');
  });

  test('makes a role by the SQL of the page, and sees by a test where a connection ends', async () => {
    await fillConnection(page, form);
    await runRoleSql(page, shop, form);
    await page.getByLabel('Database', { exact: true }).fill('not_there');
    await page.getByRole('button', { name: 'Test connection' }).click();
    const steps = page.getByRole('list', { name: 'Steps of the connection test' });
    await steps.getByText('TARGET_DATABASE_MISSING').waitFor();
    await page.getByText('The test ended at: Sign-in').waitFor();
    await shoot('connection-test-failed');
    await page.getByLabel('Database', { exact: true }).fill(form.database);
    await page.getByRole('button', { name: 'Test connection' }).click();
    await page.getByText('The connection works').waitFor();
    expect(await steps.getByRole('listitem').count()).toBe(8);
    await shoot('add-database');
  });

  test('adds it, and it is fresh', async () => {
    await page.getByRole('button', { name: 'Add database' }).click();
    await heading('main');
    await expectText(card('Freshness'), /All changes up to \d\d:\d\d:\d\d\.\d{3}, nothing is waiting/);
    await expectRows(shop, 'SELECT count(*)::int AS n FROM hexclave.users', [{ n: 0 }]);
    // The password is nowhere to be seen, be it in what the page was sent.
    expect(await page.content()).not.toContain(form.password);
  });

  test('creates a user whose name is hostile, and watches the row arrive', async () => {
    await follow('Users');
    await page.getByText('There are no users yet').waitFor();
    await page.getByRole('button', { name: 'Create user' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Create user' });
    await dialog.getByLabel('Name').fill(HOSTILE);
    await dialog.getByLabel('Primary e-mail address').fill('eve');
    await dialog.getByRole('button', { name: 'Create user' }).click();
    await dialog.getByText('must be an e-mail address').waitFor();
    watched.complaints.splice(0);
    await dialog.getByLabel('Primary e-mail address').fill('eve@example.com');
    await dialog.getByRole('button', { name: 'Create user' }).click();
    await expectText(arrival(), /main\s*arrived within \d+(\.\d)? m?s/);
    await expectRows(shop, 'SELECT display_name, primary_email FROM hexclave.users', [
      { display_name: HOSTILE, primary_email: 'eve@example.com' },
    ]);
    // The SQL that the page offers finds that very row.
    const sql = await arrival().getByRole('region', { name: 'SQL that finds the row' }).innerText();
    expect(await shop.db.query(sql)).toMatchObject([{ display_name: HOSTILE }]);
    await page.getByRole('link', { name: HOSTILE }).waitFor();
    expect(await page.locator('#root img, #root script').count()).toBe(0);
    await createUser(page, 'Ada Lovelace', 'ada@example.com');
    await createUser(page, 'Grace Hopper', 'grace@example.com');
    await expectText(arrival(), /arrived within/);
    await shoot('users');
  });

  test('finds a user, gives it an address, a name and a team, and all of it arrives', async () => {
    await page.getByLabel('Find by name, e-mail address or id').fill('lovelace');
    await expect.poll(() => page.getByRole('link', { name: 'Grace Hopper' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Ada Lovelace' }).click();
    await heading('Ada Lovelace');
    await page.getByLabel('Server metadata').fill('{"plan":');
    await page.getByText('This is not JSON.').waitFor();
    await page.getByLabel('Server metadata').fill('{"plan": "pro"}');
    await page.getByLabel('Name', { exact: true }).fill('Ada King');
    await page.getByRole('button', { name: 'Save' }).click();
    await heading('Ada King');
    await expectRows(shop, `SELECT server_metadata AS m FROM hexclave.users WHERE display_name = 'Ada King'`, [
      { m: { plan: 'pro' } },
    ]);
    await page.getByLabel('New e-mail address').fill('countess@example.com');
    await card('Contact channels').getByRole('button', { name: 'Add' }).click();
    await page.getByRole('button', { name: 'Make primary' }).click();
    await expectRows(shop, `SELECT primary_email AS e FROM hexclave.users WHERE display_name = 'Ada King'`, [
      { e: 'countess@example.com' },
    ]);
    await expectText(arrival(), /countess@example.com was changed[\s\S]*arrived within/);
    await shoot('user');
  });

  test('makes a team, and its members are rows too', async () => {
    await follow('Teams');
    await page.getByRole('button', { name: 'Create team' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill('Analysts');
    await page.getByRole('dialog').getByRole('button', { name: 'Create team' }).click();
    await expectText(arrival(), /Analysts was created[\s\S]*arrived within/);
    await shoot('teams');
    await page.getByRole('link', { name: 'Analysts' }).click();
    await heading('Analysts');
    await page.getByLabel('Find a user to add').fill('ada');
    await page.getByRole('button', { name: 'Add Ada King' }).click();
    await page.getByRole('link', { name: 'Ada King' }).waitFor();
    await expectText(arrival(), /Ada King joined Analysts[\s\S]*arrived within/);
    const members = `SELECT t.display_name AS team, u.display_name AS "user" FROM hexclave.team_member_profiles m
      JOIN hexclave.teams t ON t.id = m.team_id JOIN hexclave.users u ON u.id = m.user_id`;
    await expectRows(shop, members, [{ team: 'Analysts', user: 'Ada King' }]);
    await shoot('team');
    await page.getByRole('button', { name: 'Remove Ada King' }).click();
    await page.getByText('Nobody is in this team').waitFor();
    await expectRows(shop, members, []);
  });

  test('sees the last hour, for all tables and for one', async () => {
    await fillDatabaseHistory(server.database.db);
    await openDatabase();
    await page.reload();
    const backlog = page.getByRole('img', { name: /^Backlog in the last hour/ });
    expect(await backlog.getAttribute('aria-label')).toContain(`at most ${WORST_BACKLOG}.`);
    await page.getByLabel('Table', { exact: true }).selectOption('contact_channels');
    await expect.poll(() => backlog.getAttribute('aria-label')).toContain('at most 0.');
    await page.getByLabel('Table', { exact: true }).selectOption('All tables');
  });

  test('breaks the database, reads the error and its fix, and the fix mends it', async () => {
    await shop.db.query('ALTER TABLE hexclave.users DROP COLUMN display_name');
    await follow('Users');
    await createUser(page, 'Alan Turing', 'alan@example.com');
    await expectText(arrival(), /main\s*waits: failing/);
    await openDatabase();
    const error = page.getByRole('alert').filter({ hasText: 'TARGET_DRIFT' });
    await expectText(error, /failing since \d\d:\d\d:\d\d/);
    const fix = await error.getByRole('region', { name: 'The SQL that fixes it' }).innerText();
    await error.getByRole('button', { name: 'Copy: The SQL that fixes it' }).click();
    await error.getByText('Copied').waitFor();
    await shoot('database-failing');
    await shop.db.query(fix);
    await error.getByRole('button', { name: 'Retry now' }).click();
    await error.waitFor({ state: 'hidden' });
    await expectText(card('Freshness'), /Fresh[\s\S]*nothing is waiting/);
    await expectRows(shop, `SELECT count(*)::int AS n FROM hexclave.users WHERE display_name IS NOT NULL`, [{ n: 4 }]);
    await shoot('database');
  });

  test('verifies the copy, sees what somebody has changed in it, and repairs it', async () => {
    // A trigger, so that the verification that goes on by itself does not put it right before anybody has looked.
    await shop.db.query(`CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN NEW.display_name := upper(NEW.display_name); RETURN NEW; END $$;
      CREATE TRIGGER shout BEFORE UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION shout();
      UPDATE hexclave.users SET is_anonymous = false WHERE primary_email = 'grace@example.com'`);
    await page.getByRole('button', { name: 'Verify now' }).click();
    const verification = card('Verification');
    await verification.getByText('1 row is different').waitFor();
    await verification.getByText('Other values in the copy').waitFor();
    await verification.scrollIntoViewIfNeeded();
    await takeScreenshot(page, 'verification');
    await shop.db.query('DROP TRIGGER shout ON hexclave.users');
    await verification.getByRole('button', { name: 'Repair' }).click();
    // By this repair, unless the one that goes on by itself was there first.
    await expectText(verification, /1 row was put right|No difference/);
    await expectRows(shop, `SELECT display_name FROM hexclave.users WHERE primary_email = 'grace@example.com'`, [
      { display_name: 'Grace Hopper' },
    ]);
  });

  test('profiles its statements, and is told which key is missing and how to make it', async () => {
    await openDatabase();
    await page.getByRole('link', { name: 'Open profiles' }).click();
    await heading('Profile of main');
    await page.getByRole('heading', { name: 'Nobody has profiled this database yet' }).waitFor();
    const profile = page.getByRole('button', { name: 'Profile now' });
    await profile.click();
    await page.getByRole('row', { name: /^users apply Good/ }).waitFor();
    await page.getByText('This table was profiled once.').waitFor();
    await shop.db.query('ALTER TABLE hexclave.users DROP CONSTRAINT users_pkey');
    await profile.click();
    await page.getByRole('row', { name: /^users apply Bad/ }).waitFor();
    await expectText(card('Statements'), 'ALTER TABLE "hexclave"."users" ADD PRIMARY KEY ("id");');
    await shop.db.query('ALTER TABLE hexclave.users ADD PRIMARY KEY (id)');
    await profile.click();
    await page.getByRole('row', { name: /^users apply Good/ }).waitFor();
    await page.getByRole('img', { name: /^Time of each statement in the last 3 profiles of users/ }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await shoot('profile');
    await page.getByRole('navigation', { name: 'Above' }).getByRole('link', { name: 'main' }).click();
    await heading('main');
  });

  test('pauses it with a reason, and what was kept arrives after the pause', async () => {
    await page.getByRole('button', { name: 'Pause' }).click();
    const dialog = page.getByRole('dialog', { name: 'Pause main' });
    await dialog.getByLabel('Reason').fill('maintenance of the shop');
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('“maintenance of the shop”').waitFor();
    await expectText(card('Freshness'), 'Paused');
    await follow('Users');
    await createUser(page, 'Mary Somerville', 'mary@example.com');
    await expectText(arrival(), /main\s*waits: paused/);
    await openDatabase();
    await shoot('database-paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await expectText(card('Freshness'), /Fresh[\s\S]*nothing is waiting/);
    await expectRows(shop, `SELECT count(*)::int AS n FROM hexclave.users WHERE primary_email = 'mary@example.com'`, [
      { n: 1 },
    ]);
  });

  test('edits it without knowing the password any more, and copies it anew', async () => {
    await page.getByRole('link', { name: 'Edit' }).click();
    await heading('Edit main');
    await page.getByText('Kept, and never shown').waitFor();
    await page.getByText('Tables and columns').click();
    const table = (name: string) => page.getByRole('group', { name, exact: true });
    // Every table that there is can be chosen.
    for (const { name } of hexclaveCatalog.mappings) await table(name).waitFor();
    await table('users').getByLabel('Columns left out').fill('id');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('"id" is part of the key and must stay').waitFor();
    watched.complaints.splice(0);
    await table('users').getByLabel('Columns left out').fill('');
    await table('teams').getByLabel('Name in your schema').fill('groups');
    await takeScreenshot(page, 'edit-database');
    await page.getByRole('button', { name: 'Save' }).click();
    await heading('main');
    await expectRows(shop, 'SELECT display_name FROM hexclave.groups', [{ display_name: 'Analysts' }]);
    await page.getByRole('button', { name: 'Copy anew …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Copy anew' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await expectText(card('Freshness'), /Fresh[\s\S]*nothing is waiting/);
  });

  test.each(['light', 'dark'] as const)(
    'nothing on the pages keeps anybody out, at any width, in %s colours',
    async (scheme) => {
      const other = await openPage(browser, server.url, scheme);
      // Where things are does not depend on their colours.
      const problemsOf = scheme === 'light' ? problemsAtAnyWidth : accessibilityProblems;
      await signIn(other.page, server.demo);
      const project = `/projects/${server.demo.projectId}`;
      const firstOf = async (list: 'users' | 'teams') => {
        const response = await other.page.request.get(`/api/v1/${list}`);
        return ((await response.json()) as { items: { id: string }[] }).items[0]?.id;
      };
      const [user, team] = [await firstOf('users'), await firstOf('teams')];
      const paths = [
        '',
        '/databases/main',
        '/databases/main/edit',
        '/add-database',
        '/users',
        `/users/${user}`,
        '/teams',
        `/teams/${team}`,
        '/databases/main/profile',
      ];
      const found = new Map<string, string[]>();
      for (const path of paths) {
        await other.page.goto(`${project}${path}`);
        await other.page.getByRole('heading', { level: 1 }).waitFor();
        await expect.poll(() => other.page.getByText(/being (loaded|made)/).count(), { timeout: 20_000 }).toBe(0);
        found.set(path, await problemsOf(other.page));
        if (scheme === 'light' && path === '') await takeScreenshot(other.page, 'external-databases');
      }
      expect([...found].filter(([, problems]) => problems.length > 0)).toEqual([]);
      expect(other.complaints).toEqual([]);
      await other.context.close();
    },
    ALL_PAGES_MS,
  );

  test('removes it only by typing its name, and what was copied stays', async () => {
    await page.getByRole('button', { name: 'Remove …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Remove main' });
    const confirm = dialog.getByRole('button', { name: 'Remove database' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('Type main to confirm').fill('main');
    await confirm.click();
    await heading('External databases');
    await page.getByRole('heading', { name: 'Your users, in your own database' }).waitFor();
    await expectRows(shop, 'SELECT count(*)::int AS n FROM hexclave.users', [{ n: 5 }]);
    await follow('Audit log');
    for (const action of ['Database added', 'Database paused', 'Verification asked for', 'Database removed']) {
      await page.getByRole('button', { name: action }).first().waitFor();
    }
    await shoot('project-audit-log');
    await dropRole(shop, form);
  });
});

async function createUser(page: Page, name: string, email: string): Promise<void> {
  await page.getByRole('button', { name: 'Create user' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Create user' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Primary e-mail address').fill(email);
  await dialog.getByRole('button', { name: 'Create user' }).click();
  await dialog.waitFor({ state: 'hidden' });
}
