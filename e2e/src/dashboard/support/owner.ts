import { randomBytes } from 'node:crypto';
import { type Queryable, quoteIdentifier } from '@hexclave/db';
import type { TestDatabase } from '@hexclave/testing';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

const PATIENCE_MS = 20_000;

/** What somebody types into the form that adds a database. */
export type ConnectionForm = { host: string; port: string; database: string; user: string; password: string };

/** For a role that does not exist yet, in a database of the tests. */
export function connectionFormFor({ connectionString, name }: TestDatabase): ConnectionForm {
  const { hostname, port } = new URL(connectionString);
  const user = `sync_${randomBytes(4).toString('hex')}`;
  return { host: hostname, port, database: name, user, password: 'p@ss/w%rd: ü' };
}

export async function fillConnection(page: Page, { host, port, database, user, password }: ConnectionForm) {
  await page.getByLabel('Host', { exact: true }).fill(host);
  await page.getByLabel('Port', { exact: true }).fill(port);
  await page.getByLabel('Database', { exact: true }).fill(database);
  await page.getByLabel('Role', { exact: true }).fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('Encryption', { exact: true }).selectOption('disable');
}

/** Does in the database what the page says, as its owner would, the password included. */
export async function runRoleSql(page: Page, { db }: TestDatabase, { user, password }: ConnectionForm): Promise<void> {
  const code = page.getByRole('region', { name: 'SQL that creates the role' });
  await expectText(code, user);
  await db.query(await code.innerText());
  await db.query(`ALTER ROLE ${quoteIdentifier(user)} PASSWORD '${password}'`);
}

/** Roles belong to the whole server: one that stays would keep its grants. */
export async function dropRole({ db }: TestDatabase, { user }: ConnectionForm): Promise<void> {
  await db.query(`DROP OWNED BY ${quoteIdentifier(user)} CASCADE`);
  await db.query(`DROP ROLE ${quoteIdentifier(user)}`);
}

export async function expectText(locator: Locator, text: string | RegExp): Promise<void> {
  const pattern = typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text);
  await expect.poll(() => locator.innerText(), { timeout: PATIENCE_MS }).toEqual(pattern);
}

/** What a query in the owner's database comes to, sooner or later. */
export async function expectRows({ db }: TestDatabase, sql: string, rows: object[]): Promise<void> {
  await expect.poll(() => db.query(sql).catch(() => []), { timeout: PATIENCE_MS }).toEqual(rows);
}

/** Rows behind at the worst moment of the hour that {@link fillDatabaseHistory} makes up. */
export const WORST_BACKLOG = 480;

/** An hour of samples of every external database, as if rows had come and gone all the time. */
export async function fillDatabaseHistory(db: Queryable): Promise<void> {
  const behind = `CASE WHEN n BETWEEN 60 AND 75 THEN LEAST((n - 59) * 60, ${WORST_BACKLOG}) ELSE n % 3 END`;
  const mapping = (share: number) =>
    `jsonb_build_object('applied', ((n * 400 - 900 * cos(n / 9.0)) * ${share})::int, 'behind', (${behind}) * (${share} > 0.5)::int)`;
  await db.query(
    `INSERT INTO "ExternalDatabaseSample" ("tenancyId", "externalDatabaseId", "at", "behindMs", "mappings")
     SELECT d."tenancyId", d."id", now() - (120 - n) * interval '30 seconds', (${behind}) * 9,
       jsonb_build_object('users', ${mapping(0.7)}, 'contact_channels', ${mapping(0.3)})
     FROM "ExternalDatabase" d, generate_series(1, 118) n ON CONFLICT DO NOTHING`,
  );
}
