import { createDatabase, type Database } from '@hexclave/db';
import type { ProjectKeys } from '@hexclave/server';
import { hexclaveCatalog } from '@hexclave/sync';
import { createEmptyDatabase, waitUntil } from '@hexclave/testing';
import { type ApiClient, apiClientAt, succeed } from '../../support/api-client.ts';
import { type Differences, differences } from '../../sync/harness.ts';

/** An external database as its owner sees it. */
export type ExternalDatabase = {
  readonly id: string;
  readonly schema: string;
  readonly tenancyId: string;
  readonly database: Owned;
};

/** A database of the owner's own, with a plain connection to it. */
export type Owned = { readonly db: Database; readonly connectionString: string };

export type ExternalDatabaseOptions = {
  /** Default: `main`. */
  readonly id?: string;
  readonly database?: Owned;
  /** Whom the server connects as. Default: as the test does. */
  readonly connectionString?: string;
  /** Anything else of its configuration. */
  readonly config?: Record<string, unknown>;
};

/** What is kept of a failing external database. */
export type ShownFailure = {
  errorCode: string | null;
  errorSqlState: string | null;
  errorRemedy: string | null;
  failingSince: Date | null;
  attempts: number;
};

/** A project that was created through the API, with its keys. */
export type Project = {
  readonly keys: ProjectKeys;
  readonly tenancyId: string;
  /** With server access: what the owner's backend calls. */
  readonly api: ApiClient;
  readonly admin: ApiClient;
  /** Sets dotted paths of the configuration. */
  configure(override: Record<string, unknown>): Promise<void>;
  /** Configures an external database; by default a new, empty one. */
  addExternalDatabase(options?: ExternalDatabaseOptions): Promise<ExternalDatabase>;
  /** Waits until an external database equals the project, and says what differs when it does not. */
  converged(external: ExternalDatabase, timeoutMs?: number): Promise<void>;
  /** Waits until nothing is left to number or to deliver. */
  settled(timeoutMs?: number): Promise<void>;
  failureOf(external: ExternalDatabase): Promise<ShownFailure | undefined>;
  /** Waits until a failure is kept. */
  failed(external: ExternalDatabase): Promise<ShownFailure>;
};

type Facts = { readonly db: Database; readonly url: () => string; readonly keys: ProjectKeys };

const CONVERGENCE_TIMEOUT_MS = 20_000;

const none: ShownFailure = { errorCode: null, errorSqlState: null, errorRemedy: null, failingSince: null, attempts: 0 };

export async function projectOf({ db, url, keys }: Facts): Promise<Project> {
  const [tenancy] = await db.query<{ id: string }>('SELECT "id" FROM "Tenancy" WHERE "projectId" = $1', [
    keys.projectId,
  ]);
  if (tenancy === undefined) throw new Error('The project has no tenancy');
  const tenancyId = tenancy.id;
  const admin = apiClientAt(url, 'admin', keys);
  const configure = async (override: Record<string, unknown>) => {
    const config_override_string = JSON.stringify(override);
    await succeed(admin.patch('/internal/config/override/environment', { config_override_string }));
  };
  return {
    keys,
    tenancyId,
    api: apiClientAt(url, 'server', keys),
    admin,
    configure,
    addExternalDatabase: async (options = {}) => {
      const { id = 'main', database = await createEmptyDatabase(), config = {} } = options;
      const connectionString = withoutTls(options.connectionString ?? database.connectionString);
      await configure({ [pathOf(id)]: { type: 'postgres', connectionString, ...config } });
      return { id, schema: String(config.schema ?? 'hexclave'), tenancyId, database };
    },
    converged: (external, timeoutMs = CONVERGENCE_TIMEOUT_MS) => converged(db, external, timeoutMs),
    settled: (timeoutMs = CONVERGENCE_TIMEOUT_MS) => settled(db, tenancyId, timeoutMs),
    failureOf: (external) => failureOf(db, external),
    failed: async (external) => {
      const failing = async () => (await failureOf(db, external)) ?? none;
      const describe = `the failure of ${external.id} to be kept`;
      await waitUntil(async () => (await failing()).errorCode !== null, {
        timeoutMs: CONVERGENCE_TIMEOUT_MS,
        describe,
      });
      return failing();
    },
  };
}

async function failureOf(db: Database, external: ExternalDatabase): Promise<ShownFailure | undefined> {
  const [row] = await db.query<ShownFailure>(
    `SELECT "errorCode", "errorSqlState", "errorRemedy", "failingSince", "attempts" FROM "ExternalDatabaseState"
     WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2`,
    [external.tenancyId, external.id],
  );
  return row;
}

/** Where an external database is configured. */
export function pathOf(id: string): string {
  return `dbSync.externalDatabases.${id}`;
}

/** A connection to a database that was not made by the testing package. To be ended by the caller. */
export function ownedDatabase(connectionString: string): Owned {
  return { connectionString, db: createDatabase({ connectionString, max: 3, applicationName: 'test' }) };
}

/** The test servers speak no TLS, which has to be said. */
function withoutTls(connectionString: string): string {
  return `${connectionString}?sslmode=disable`;
}

async function converged(db: Database, external: ExternalDatabase, timeoutMs: number): Promise<void> {
  let last: Differences[] | undefined;
  const equal = async () => {
    last = await differences({ db, catalog: hexclaveCatalog }, external);
    return last.length === 0;
  };
  await waitUntil(equal, { timeoutMs, intervalMs: 50, describe: `${external.id} to equal its project` }).catch(
    async (error: Error) => {
      const state = await stateOf(db, external.tenancyId);
      throw new Error(`${error.message}: ${JSON.stringify(last)}; state: ${JSON.stringify(state)}`, { cause: error });
    },
  );
}

/** What is kept of a tenancy's external databases, for the message of a test that fails. */
async function stateOf(db: Database, tenancyId: string) {
  const tables = ['ExternalDatabaseState', 'ExternalDatabaseMappingState', 'OutgoingRequest'];
  return Promise.all(
    tables.map((table) =>
      db.query(`SELECT to_jsonb(t) AS "${table}" FROM "${table}" t WHERE "tenancyId" = $1`, [tenancyId]),
    ),
  );
}

const UNSETTLED = `
  SELECT EXISTS (SELECT 1 FROM "ProjectUser" WHERE "tenancyId" = $1 AND "shouldUpdateSequenceId")
    OR EXISTS (SELECT 1 FROM "ContactChannel" WHERE "tenancyId" = $1 AND "shouldUpdateSequenceId")
    OR EXISTS (SELECT 1 FROM "Team" WHERE "tenancyId" = $1 AND "shouldUpdateSequenceId")
    OR EXISTS (SELECT 1 FROM "TeamMember" WHERE "tenancyId" = $1 AND "shouldUpdateSequenceId")
    OR EXISTS (SELECT 1 FROM "DeletedRow" WHERE "tenancyId" = $1 AND "shouldUpdateSequenceId")
    OR EXISTS (SELECT 1 FROM "OutgoingRequest" WHERE "tenancyId" = $1) AS busy`;

async function settled(db: Database, tenancyId: string, timeoutMs: number): Promise<void> {
  const idle = async () => (await db.query<{ busy: boolean }>(UNSETTLED, [tenancyId]))[0]?.busy === false;
  await waitUntil(idle, { timeoutMs, intervalMs: 20, describe: 'everything to be numbered and delivered' });
}
