import { randomBytes } from 'node:crypto';
import { createDatabase, quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { readHistory } from '../checks/target-history.ts';
import { administer } from './clusters.ts';
import { patiently } from './patience.ts';
import type { Restartable } from './restartable.ts';
import type { Stage } from './stage.ts';
import { rightsOf, type Target } from './target.ts';

/** A copy of a database as it was at one moment. */
export type Backup = {
  readonly name: string;
  readonly since: number;
  readonly version: bigint;
  readonly epochs: readonly string[];
};

const newName = () => `backup_${randomBytes(5).toString('hex')}`;

/** Copies a database as a whole. Everybody is sent away for the moment that takes, as from a server that is down. */
async function copyDatabase(cluster: Restartable, from: string, to: string): Promise<void> {
  await patiently(() =>
    administer(
      cluster.current(),
      `ALTER DATABASE ${id(from)} ALLOW_CONNECTIONS false`,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${quoteLiteral(from)}`,
      `DROP DATABASE IF EXISTS ${id(to)}`,
      `CREATE DATABASE ${id(to)} TEMPLATE ${id(from)}`,
    ),
  );
  await patiently(() => administer(cluster.current(), `ALTER DATABASE ${id(from)} ALLOW_CONNECTIONS true`));
}

/** Puts a backup in the place of a database. */
async function putBack(cluster: Restartable, backup: string, name: string): Promise<void> {
  await patiently(() =>
    administer(
      cluster.current(),
      `DROP DATABASE IF EXISTS ${id(name)} WITH (FORCE)`,
      `ALTER DATABASE ${id(backup)} RENAME TO ${id(name)}`,
    ),
  );
}

const LAST_VERSION = 'SELECT last_value AS version FROM chaos.version';

async function lastVersion({ internal }: Stage): Promise<bigint> {
  const [row] = await patiently(() => internal.query<{ version: bigint }>(LAST_VERSION));
  return row?.version ?? 0n;
}

export async function backUpInternal(stage: Stage): Promise<Backup> {
  const { internal, clusters, internalName } = stage;
  const name = newName();
  const since = Date.now();
  await copyDatabase(clusters.internal, internalName, name);
  // Read afterwards: nobody could write while the copy was made, and what is later than it counts as undone only in part.
  const version = await versionOf(clusters.internal, name);
  const epochs = await patiently(() => internal.query<{ id: string }>('SELECT "id" FROM "SequenceEpoch"'));
  return { name, since, version, epochs: epochs.map((epoch) => epoch.id) };
}

async function versionOf(cluster: Restartable, database: string): Promise<bigint> {
  const db = createDatabase({ connectionString: cluster.current().connectionString(database), max: 1 });
  try {
    const [row] = await db.query<{ version: bigint }>(LAST_VERSION);
    return row?.version ?? 0n;
  } finally {
    await db.end();
  }
}

/** Versions go on where they were, so that every later one is still larger than whatever a target has seen. */
export async function restoreInternal(stage: Stage, backup: Backup): Promise<void> {
  const { clusters, internal, internalName } = stage;
  const through = (await lastVersion(stage)) + VERSIONS_APART;
  await putBack(clusters.internal, backup.name, internalName);
  await patiently(() => internal.query('SELECT setval($1::regclass, $2)', ['chaos.version', through]));
  stage.undone.push({ after: backup.version, through, since: backup.since, epochs: backup.epochs });
}

/** More than are drawn between the last look and the restore. */
const VERSIONS_APART = 100_000n;

/** Puts a target back to where it was. What it has seen since is judged all the same. */
export async function restoreTarget(stage: Stage, target: Target, backup: string): Promise<void> {
  target.archive.push(await patiently(() => readHistory(target.db)));
  await putBack(stage.clusters.targets, backup, target.database);
  const rights = rightsOf(target.role, target.database);
  await patiently(() => administer(stage.clusters.targets.current(), rights));
}

export async function backUpTarget(stage: Stage, target: Target): Promise<string> {
  const name = newName();
  await copyDatabase(stage.clusters.targets, target.database, name);
  return name;
}

const ROWS = `SELECT format('%I', c.relname) AS name, format('%I.%I', n.nspname, c.relname) AS place
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND (n.nspname = 'hexclave' OR (n.nspname, c.relname) = ('chaos', 'history'))`;

type Rows = { readonly name: string; readonly place: string };

/** Keeps the rows of a target's tables, and its position with them, in the target itself. */
export async function backUpRows({ db }: Target): Promise<void> {
  await patiently(() =>
    db.transaction(async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await tx.query('DROP SCHEMA IF EXISTS backup CASCADE');
      await tx.query('CREATE SCHEMA backup');
      for (const { name, place } of await tx.query<Rows>(ROWS)) {
        await tx.query(`CREATE TABLE backup.${name} AS TABLE ${place}`);
      }
    }),
  );
}

/**
 * Puts them back into the same tables, in one transaction, as an owner may with a dump: nobody's connection breaks. What the
 * target has seen since is judged all the same.
 */
export async function putRowsBack(target: Target): Promise<void> {
  const history = await patiently(() =>
    target.db.transaction(async (tx) => {
      const tables = await tx.query<Rows>(ROWS);
      await tx.query(`LOCK TABLE ${tables.map(({ place }) => place).join(', ')}`);
      const seen = await readHistory(tx);
      // Triggers would note this as if it were the engine's work.
      await tx.query("SET LOCAL session_replication_role = 'replica'");
      for (const { name, place } of tables) {
        await tx.query(`DELETE FROM ${place}`);
        await tx.query(`INSERT INTO ${place} TABLE backup.${name}`);
      }
      return seen;
    }),
  );
  target.archive.push(history);
}
