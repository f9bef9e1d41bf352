import { randomBytes } from 'node:crypto';
import type { ExternalDatabaseConfig } from '@hexclave/config';
import { createDatabase, type Database, quoteIdentifier, quoteLiteral } from '@hexclave/db';
import { type FaultProxy, startFaultProxy } from '@hexclave/testing/fault-proxy';
import { type HistoryRow, installHistory } from '../checks/target-history.ts';
import { administer } from './clusters.ts';
import type { Restartable } from './restartable.ts';
import { newPassword } from './secrets.ts';

/** One external database: a database and a role of its own, reached through a proxy of its own. */
export type Target = {
  readonly id: string;
  /** Index of its tenancy. */
  readonly tenancy: number;
  readonly tenancyId: string;
  readonly proxy: FaultProxy;
  readonly role: string;
  /** The name of the database; another one after it was repointed. */
  database: string;
  /** What the role signs in with. */
  password: string;
  config: Omit<ExternalDatabaseConfig, 'connection'>;
  /** As the superuser, past the proxy. Replaced when the target is repointed. */
  db: Database;
  /** What happened in databases that are not its own any more. */
  readonly archive: HistoryRow[][];
  close(): Promise<void>;
};

const newName = (prefix: string) => `${prefix}_${randomBytes(5).toString('hex')}`;

export async function createTarget(
  cluster: Restartable,
  id: string,
  tenancy: number,
  tenancyId: string,
): Promise<Target> {
  const role = newName('role');
  const password = newPassword();
  await administer(cluster.current(), `CREATE ROLE ${quoteIdentifier(role)} LOGIN PASSWORD ${quoteLiteral(password)}`);
  const proxy = await startFaultProxy(cluster.current().port);
  const target: Target = {
    id,
    tenancy,
    tenancyId,
    proxy,
    role,
    password,
    archive: [],
    config: { type: 'postgres', schema: 'hexclave', tables: {}, deleteMode: 'hard', paused: false },
    ...(await createTargetDatabase(cluster, role)),
    close: async () => {
      await proxy.close();
      await target.db.end();
      await administer(
        cluster.current(),
        `DROP DATABASE IF EXISTS ${quoteIdentifier(target.database)} WITH (FORCE)`,
        `DROP ROLE ${quoteIdentifier(role)}`,
      );
    },
  };
  return target;
}

/** An empty database whose every change is noted, in which the role may do what the documentation says it must. */
export async function createTargetDatabase(
  cluster: Restartable,
  role: string,
): Promise<{ database: string; db: Database }> {
  const database = newName('target');
  await administer(cluster.current(), `CREATE DATABASE ${quoteIdentifier(database)}`, rightsOf(role, database));
  const db = openTargetDatabase(cluster, database);
  await installHistory(db);
  return { database, db };
}

/** What a database itself allows a role, which no copy of the database takes along. */
export function rightsOf(role: string, database: string): string {
  return `GRANT CREATE ON DATABASE ${quoteIdentifier(database)} TO ${quoteIdentifier(role)}`;
}

export function openTargetDatabase(cluster: Restartable, database: string): Database {
  return createDatabase({
    connectionString: cluster.current().connectionString(database),
    max: 3,
    applicationName: 'chaos',
  });
}
