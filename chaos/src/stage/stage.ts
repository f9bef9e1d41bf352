import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createDatabase, type Database, quoteIdentifier } from '@hexclave/db';
import { createConnectionCipher, createExternalDatabaseStore, type ExternalDatabaseStore } from '@hexclave/server';
import { enqueueSync } from '@hexclave/sync';
import type { Undone } from '../checks/source-facts.ts';
import { type Access, grantAccess } from './access.ts';
import { administer, type Clusters } from './clusters.ts';
import { createClock } from './faketime.ts';
import { patiently } from './patience.ts';
import { createTarget, type Target } from './target.ts';
import { addTenancy, type Layout, TENANCIES } from './tenancies.ts';
import type { Trace } from './trace.ts';
import { startWorker, type Worker } from './worker.ts';

/** Everything that one run plays on. */
export type Stage = {
  readonly clusters: Clusters;
  /** The name of the internal database. */
  readonly internalName: string;
  /** As the superuser; outlives restarts and restores. */
  readonly internal: Database;
  readonly tenancies: readonly string[];
  readonly targets: readonly Target[];
  readonly workers: readonly Worker[];
  readonly trace: Trace;
  /** Times that restores of the internal database have undone. */
  readonly undone: Undone[];
  readonly access: Access;
  /** Everything that workers have printed. */
  output(): string;
  /** Saves a target's configuration as its owner would, and has it synced. */
  configure(target: Target): Promise<void>;
  close(): Promise<void>;
};

export type StageOptions = {
  readonly clusters: Clusters;
  /** The bundled worker. */
  readonly script: string;
  readonly workers: number;
  readonly loops: boolean;
  readonly trace: Trace;
  readonly layout?: Layout;
  /** Changes the internal database before anything else happens. */
  readonly alterInternal?: (db: Database) => Promise<void>;
};

export async function createStage(options: StageOptions): Promise<Stage> {
  const { clusters, trace } = options;
  const internalName = `internal_${randomBytes(5).toString('hex')}`;
  await administer(
    clusters.internal.current(),
    `CREATE DATABASE ${quoteIdentifier(internalName)} TEMPLATE ${quoteIdentifier(clusters.template)}`,
  );
  const connectionString = clusters.internal.current().connectionString(internalName);
  const internal = createDatabase({ connectionString, max: 8, applicationName: 'chaos' });
  await options.alterInternal?.(internal);
  const layout = options.layout ?? TENANCIES;
  const tenancies = await Promise.all(layout.map((_, index) => addTenancy(internal, index)));
  const secret = randomBytes(16).toString('hex');
  const access = await grantAccess(internal, tenancies[0] ?? '', secret);
  const store = createExternalDatabaseStore(createConnectionCipher(secret));
  const targets = await Promise.all(plannedTargets(clusters, layout, tenancies));
  for (const target of targets) await configure(internal, store, target);
  const printed: string[] = [];
  const workers = await Promise.all(
    Array.from({ length: options.workers }, async (_, index) => {
      const name = `worker ${index}`;
      return startWorker({
        ...{ name, script: options.script, connectionString, secret, loops: options.loops },
        clock: await createClock(join(clusters.folder, `clock-${internalName}-${index}`)),
        onOutput: (text) => printed.push(text),
      });
    }),
  );
  return {
    ...{ clusters, internalName, internal, tenancies, targets, workers, trace, undone: [], access },
    output: () => printed.join(''),
    configure: (target) => patiently(() => configure(internal, store, target)),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all(targets.map((target) => target.close()));
      await internal.end();
      await administer(
        clusters.internal.current(),
        `DROP DATABASE IF EXISTS ${quoteIdentifier(internalName)} WITH (FORCE)`,
      );
    },
  };
}

function plannedTargets(clusters: Clusters, layout: Layout, tenancies: readonly string[]): Promise<Target>[] {
  return layout.flatMap(({ targets }, tenancy) =>
    Array.from({ length: targets }, (_, index) =>
      createTarget(clusters.targets, index === 0 ? 'main' : `other-${index}`, tenancy, tenancies[tenancy] ?? ''),
    ),
  );
}

async function configure(internal: Database, store: ExternalDatabaseStore, target: Target): Promise<void> {
  const connection = {
    host: '127.0.0.1',
    port: target.proxy.port,
    user: target.role,
    password: target.password,
    database: target.database,
    tls: { mode: 'disable' as const },
  };
  await internal.transaction(async (tx) => {
    await store.save(tx, { tenancyId: target.tenancyId, id: target.id }, { ...target.config, connection });
    await enqueueSync(tx, target.tenancyId);
  });
}
