import type { ProjectKeys } from '@hexclave/server';
import { createEmptyDatabase, fileNeedsMigrations, type TestDatabase } from '@hexclave/testing';
import type { Page } from 'playwright-core';
import { createPlace, type Program, start, type Variables } from '../../start/program.ts';

// The dashboard of a server that syncs.
fileNeedsMigrations(['0009_dashboard_sessions', '0010_what_a_restore_takes_back', '0011_controls', '0012_status']);

const READY = 'Ctrl-C stops the server';

/** A server as `npm start` starts it, over a database of its own. */
export type DashboardServer = {
  /** Of the dashboard, without a trailing slash. */
  url: string;
  apiUrl: string;
  /** Signs the operator in, once. */
  signInLink: string;
  demo: Pick<ProjectKeys, 'projectId' | 'superSecretAdminKey'>;
  internal: Pick<ProjectKeys, 'projectId' | 'superSecretAdminKey'>;
  database: TestDatabase;
  program: Program;
  /** Starts it again after it was killed, at the same addresses and over the same database. */
  startAgain(): Promise<void>;
};

export async function startDashboard(variables: Variables = {}): Promise<DashboardServer> {
  const [place, database] = await Promise.all([createPlace(), createEmptyDatabase()]);
  const run = () =>
    start({ ...place.variables, HEXCLAVE_DATABASE_CONNECTION_STRING: database.connectionString, ...variables });
  const program = run();
  const output = await program.printed(READY);
  const [demoKey = '', internalKey = ''] = [...output.matchAll(/super secret admin key +(sak_\S+)/g)].map(
    ([, key]) => key,
  );
  return {
    url: `http://localhost:${place.ports.dashboard}`,
    apiUrl: `http://localhost:${place.ports.api}`,
    signInLink: find(output, /(http\S+\/sign-in#\S+)/),
    demo: { projectId: find(output, /Demo project (\S+)/), superSecretAdminKey: demoKey },
    internal: { projectId: 'internal', superSecretAdminKey: internalKey },
    database,
    program,
    startAgain: async () => {
      await run().printed(READY);
    },
  };
}

/** Signs in as a person does. */
export async function signIn(page: Page, keys: Pick<ProjectKeys, 'projectId' | 'superSecretAdminKey'>): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('Project id').fill(keys.projectId);
  await page.getByLabel('Super secret admin key').fill(keys.superSecretAdminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}

function find(output: string, pattern: RegExp): string {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`Nothing like ${pattern} was printed:\n${output}`);
  return found;
}
