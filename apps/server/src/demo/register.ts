import type { ConnectionDisplay } from '@hexclave/config';
import type { DemoApi } from './demo-api.ts';
import type { DemoDatabase } from './demo-database.ts';

type Shown = { dbSync: { externalDatabases: Record<string, { connection?: ConnectionDisplay }> } };

const ID = 'demo';
const PATH = `dbSync.externalDatabases.${ID}`;
const CONFIG = '/internal/config';
const OVERRIDE = '/internal/config/override/environment';

/**
 * Makes the demo database the external database `demo` of the demo project. What has been set for it since (paused,
 * other tables) stays, and so does another database that somebody has put in its place. Returns whether `demo` is ours.
 */
export async function registerDemoDatabase(api: DemoApi, database: DemoDatabase): Promise<boolean> {
  const { config_string } = await api.call<{ config_string: string }>('GET', CONFIG);
  const { connection } = (JSON.parse(config_string) as Shown).dbSync.externalDatabases[ID] ?? {};
  if (connection !== undefined && !isOurs(connection, database)) return false;
  const { connectionString } = database;
  const change =
    connection === undefined
      ? { [PATH]: { type: 'postgres', connectionString } }
      : // The port or the password may have changed since the last start.
        { [`${PATH}.connectionString`]: connectionString };
  await api.call('PATCH', OVERRIDE, { config_override_string: JSON.stringify(change) });
  return true;
}

function isOurs(connection: ConnectionDisplay, database: DemoDatabase): boolean {
  return connection.user === database.user && connection.database === database.name;
}
