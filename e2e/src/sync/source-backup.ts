import { createDatabase, type Database, quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import type { TestDatabase } from '@hexclave/testing';

/** Copies a database as it is now, everybody sent away for that moment. Returns what puts the copy in its place. */
export async function backUpSource({ name, connectionString }: TestDatabase): Promise<() => Promise<void>> {
  const backup = `${name}_backup`;
  const administer = async (work: (admin: Database) => Promise<unknown>) => {
    const admin = createDatabase({ connectionString: connectionString.replace(name, 'postgres'), max: 1 });
    await work(admin).finally(() => admin.end());
  };
  await administer(async (admin) => {
    await admin.query(`ALTER DATABASE ${id(name)} ALLOW_CONNECTIONS false`);
    await admin.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ${quoteLiteral(name)}`,
    );
    await admin.query(`CREATE DATABASE ${id(backup)} TEMPLATE ${id(name)}`);
    await admin.query(`ALTER DATABASE ${id(name)} ALLOW_CONNECTIONS true`);
  });
  return () =>
    administer(async (admin) => {
      await admin.query(`DROP DATABASE ${id(name)} WITH (FORCE)`);
      await admin.query(`ALTER DATABASE ${id(backup)} RENAME TO ${id(name)}`);
    });
}
