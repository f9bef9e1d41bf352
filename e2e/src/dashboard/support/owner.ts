import { randomBytes } from 'node:crypto';
import { quoteIdentifier } from '@hexclave/db';
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
