import type { Database } from '@hexclave/db';
import type { Hono } from 'hono';
import type { HttpEnvironment } from '../http/environment.ts';
import { describeFailure } from '../http/errors.ts';
import { listen } from '../start/http-listener.ts';
import type { StartContext } from '../start/start-context.ts';
import { createDashboardApp } from './create-dashboard-app.ts';
import type { SessionOwner } from './sessions.ts';
import { createSignInLinks } from './sign-in-links.ts';
import { loadStaticFiles, type StaticFiles } from './static-files.ts';

/** A dashboard that is being served. */
export type RunningDashboard = {
  /** Without a trailing slash. */
  url: string;
  /** An address that signs in once whoever opens it within the hour. */
  signInLink(owner: SessionOwner): string;
};

export type DashboardOptions = {
  api: Hono<HttpEnvironment>;
  database: Database;
  host: string;
  port: number;
};

/** How long requests under way may take when the server stops. */
const GRACE_MS = 2_000;

/** Serves the dashboard on its own port. `undefined` if its pages are not there: the log says why, the API goes on. */
export async function startDashboard(
  { environment, logger, closers, dashboardFiles }: StartContext,
  { api, database, host, port }: DashboardOptions,
): Promise<RunningDashboard | undefined> {
  const files = await filesOf(dashboardFiles).catch((error: unknown) => {
    logger.error(
      { failure: describeFailure(error) },
      'the dashboard’s pages could not be built or read: it is not served',
    );
    return undefined;
  });
  if (files === undefined) return undefined;
  const links = createSignInLinks();
  const { dashboardUrl, trustedProxies } = environment;
  const app = createDashboardApp({ api, database, files, links, logger, config: { dashboardUrl, trustedProxies } });
  const listener = await listen(app.fetch, host, port);
  closers.add(() => listener.close(GRACE_MS));
  const url = dashboardUrl?.replace(/\/$/, '') ?? `http://localhost:${port}`;
  // Behind the `#`, so that it is in no log of a proxy and no other request.
  return { url, signInLink: (owner) => `${url}/sign-in#${links.make(owner)}` };
}

async function filesOf(directory: Promise<string> | undefined): Promise<StaticFiles | undefined> {
  return directory && (await loadStaticFiles(await directory));
}
