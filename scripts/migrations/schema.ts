import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '@hexclave/db';
import { startCluster } from '@hexclave/embedded-postgres';
import { describeSchema, migrate, SCHEMA_FILE } from '@hexclave/migrations';

/** Writes what a database has once all migrations of a folder are applied: what drift is measured against. */
export async function writeSchema(directory: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-schema-'));
  // Entered by the unprivileged user that the server runs as when this is run by root.
  await chmod(folder, 0o711);
  const cluster = await startCluster({ dataDir: join(folder, 'data'), sync: false, settings: { fsync: false } });
  const db = createDatabase({ connectionString: cluster.connectionString(), max: 1 });
  try {
    await migrate(db, { directory });
    const schema = await describeSchema(db);
    await writeFile(join(directory, SCHEMA_FILE), `${JSON.stringify(schema, null, 2)}\n`);
  } finally {
    await db.end();
    await cluster.stop('immediate');
    await rm(cluster.dataDir, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
