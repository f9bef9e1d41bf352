import { DEMO_STATEMENT, type DemoDatabase } from '../demo/demo-database.ts';
import type { SeededKeys } from '../seed/key-file.ts';

/** What a developer is told once the server runs. */
export type Announcement = {
  version: string;
  /** From the program's first line on. */
  startedInMs: number;
  /** Without a path. */
  url: string;
  keys: SeededKeys;
  /** What has to be sent to read the metrics. */
  metricsSecret: string | undefined;
  /** Opens the dashboard, signed in; good once. Missing if there is no dashboard. */
  signInLink?: string;
  /** With the milliseconds from request to visible, if they could be measured. */
  demo?: DemoDatabase & { syncMs: number | undefined };
  /** Where data and keys are kept: usually one folder, two when PostgreSQL could not use the first. */
  places: string[];
};

/** For a developer's terminal only: it shows keys. */
export function announce(facts: Announcement): string {
  return [
    `Hexclave ${facts.version} is ready (${(facts.startedInMs / 1_000).toFixed(1)} s).`,
    `  API      ${facts.url}/api/v1\n  OpenAPI  ${facts.url}/api/v1/docs (to read), ${facts.url}/api/v1/openapi.json`,
    ...(facts.signInLink === undefined ? [] : [dashboardLines(facts.signInLink)]),
    keyLines(facts.keys),
    ...(facts.metricsSecret === undefined ? [] : [metricsLines(facts.url, facts.metricsSecret)]),
    `  Create a user:\n\n${curl(facts)}`,
    facts.demo === undefined ? noDemoLines() : demoLines(facts.demo),
    `Data and keys are kept in ${facts.places.join(' and ')}. Ctrl-C stops the server.`,
  ].join('\n\n');
}

function dashboardLines(signInLink: string): string {
  return `  Dashboard, signed in as the operator (this link works once, within the hour):\n\n    ${signInLink}`;
}

function metricsLines(url: string, secret: string): string {
  return `  Metrics  ${url}/metrics\n    to be read with the header authorization: Bearer ${secret}`;
}

function keyLines({ demo, internal }: SeededKeys): string {
  return `  Demo project ${demo.projectId}
    publishable client key  ${demo.publishableClientKey}
    secret server key       ${demo.secretServerKey}
    super secret admin key  ${demo.superSecretAdminKey}
  Project ${internal.projectId}, which administers the others
    super secret admin key  ${internal.superSecretAdminKey}`;
}

function curl({ url, keys: { demo } }: Announcement): string {
  const user = JSON.stringify({ display_name: 'Ada Lovelace', primary_email: 'ada@example.com' });
  return `    curl ${url}/api/v1/users \\
      -H 'content-type: application/json' \\
      -H 'x-hexclave-access-type: server' \\
      -H 'x-hexclave-project-id: ${demo.projectId}' \\
      -H 'x-hexclave-secret-server-key: ${demo.secretServerKey}' \\
      -d '${user}'`;
}

function demoLines(demo: DemoDatabase & { syncMs: number | undefined }): string {
  const measured =
    demo.syncMs === undefined
      ? 'A change made just now has not arrived there yet; the log says why.'
      : `Measured just now: ${demo.syncMs.toFixed(1)} ms from sending a change to reading it there (median of 5).`;
  return `  A moment later the user is in the demo external database, which stands for your own:

    psql '${demo.connectionString}' -c '${DEMO_STATEMENT}'

  Without psql: npm run demo:query

  ${measured}`;
}

function noDemoLines(): string {
  return '  To see the user in a database of your own, name it under dbSync.externalDatabases of the project’s config.';
}
