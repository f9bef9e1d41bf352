import { applyOverride, displayOf, type PostgresConnection, parseProjectConfig } from '@hexclave/config';
import {
  type ConnectionTest,
  type ConnectionTestRequest,
  type ConnectionTestStep,
  KnownError,
  type RoleSql,
  type RoleSqlQuery,
} from '@hexclave/contract';
import { HexclaveError } from '@hexclave/errors';
import { type ConnectionStep, type ConnectionTestResult, DestinationError } from '@hexclave/sync';
import type { ConnectionTester, TestedDatabase } from '../sync/connection-tester.ts';
import { type Doer, recordAudit } from './audit.ts';
import type { ConfigServices } from './config.ts';
import { databasesOf, readDocument } from './config-document.ts';
import type { Target } from './target-project.ts';

type Services = ConfigServices & { readonly connectionTester: ConnectionTester };
type Settings = Omit<TestedDatabase, 'connection' | 'owner'> & { readonly connection?: PostgresConnection };

/** In place of an id that is not chosen yet. */
const NEW = 'new';
const FIELD = 'external_database';

/** Who waits for a test; see `ConnectionTestWatch`. */
type Watch = { readonly onStep: (step: ConnectionTestStep) => void; readonly signal: AbortSignal };

/** Tries a connection out and says how far it comes. Nothing is kept but that somebody did, and how it went. */
export async function testConnection(
  services: Services,
  by: Doer,
  target: Target,
  request: ConnectionTestRequest,
  { onStep, signal }: Watch,
): Promise<ConnectionTest> {
  const { external_database_id: id } = request;
  const ids = (await services.externalDatabases.list(services.database, target.tenancyId)).map((shown) => shown.id);
  if (id !== undefined && !ids.includes(id)) {
    throw new KnownError('EXTERNAL_DATABASE_NOT_FOUND', { external_database_id: id });
  }
  const settings = await settingsOf(services, target, request);
  const connection = settings.connection ?? (await storedConnection(services, target, id));
  const owner = {
    tenancyId: target.tenancyId,
    externalDatabaseId: id ?? NEW,
    siblingIds: ids.filter((other) => other !== id),
  };
  const watch = { signal, onStep: (step: ConnectionStep) => onStep(toStep(step)) };
  const answer = toConnectionTest(
    connection,
    await services.connectionTester.test({ ...settings, connection, owner }, watch),
  );
  // Also of one that its caller has ended: it may have connected.
  await recordAudit(services.database, by, {
    ...{ action: 'external_database.test_connection', projectId: target.projectId, externalDatabaseId: id },
    ...{ after: { ...factsOf(answer), ...(signal.aborted && { stopped: true }) } },
    ...{ result: answer.ok && !signal.aborted ? 'done' : 'failed' },
  });
  return answer;
}

/** What is asked for, or, of a saved one that is only named, what is configured. */
async function settingsOf(services: Services, target: Target, request: ConnectionTestRequest): Promise<Settings> {
  const id = request.external_database_id ?? NEW;
  const given = request.external_database ?? databasesOf(await readDocument(services.database, target))[id];
  const prefix = `dbSync.externalDatabases.${id}`;
  const applied = applyOverride({}, { [prefix]: given });
  const parsed = applied.ok ? parseProjectConfig(applied.document, services.mappings) : applied;
  if (!parsed.ok) {
    const issues = parsed.issues.map(({ path, message }) => ({ path: path.replace(prefix, FIELD), message }));
    throw new KnownError('CONFIG_INVALID', { issues });
  }
  const database = parsed.config.dbSync.externalDatabases[id];
  if (database === undefined) throw missing(FIELD, 'is needed');
  return database;
}

async function storedConnection(
  { externalDatabases, database }: Services,
  { tenancyId }: Target,
  id: string | undefined,
): Promise<PostgresConnection> {
  const stored = id === undefined ? undefined : await read();
  if (stored === undefined) throw missing(`${FIELD}.connectionString`, 'is needed, because the database is new');
  return stored;

  async function read() {
    try {
      return await externalDatabases.readConnection(database, { tenancyId, id: id as string });
    } catch (error) {
      if (!(error instanceof HexclaveError)) throw error;
      const { message, remedy } = new DestinationError('TARGET_CONNECTION_UNREADABLE');
      throw missing(`${FIELD}.connectionString`, `is needed: ${message} ${remedy}`);
    }
  }
}

function missing(path: string, message: string): KnownError {
  return new KnownError('CONFIG_INVALID', { issues: [{ path, message }] });
}

function toConnectionTest(connection: PostgresConnection, result: ConnectionTestResult): ConnectionTest {
  return {
    ok: result.steps.every(({ outcome }) => outcome !== 'failed'),
    connection: displayOf(connection),
    steps: result.steps.map(toStep),
    server_version: result.serverVersion,
    round_trip_ms: result.roundTripMs === null ? null : tenths(result.roundTripMs),
    schema_state: result.schemaState,
  };
}

function toStep(told: ConnectionStep): ConnectionTestStep {
  const { step, outcome } = told;
  const failure = outcome === 'failed' ? told.failure : null;
  return {
    step,
    outcome,
    duration_ms: outcome === 'skipped' ? null : tenths(told.durationMs),
    message: outcome === 'failed' ? told.failure.message : told.message,
    remedy: failure?.remedy ?? null,
    code: failure?.code ?? null,
    sql_state: failure?.sqlState ?? null,
  };
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

function factsOf({ connection, steps }: ConnectionTest): object {
  const failed = steps.find(({ outcome }) => outcome === 'failed');
  return { connection, ...(failed && { failed_step: failed.step, code: failed.code }) };
}

/** The SQL of a role that may do no more than is needed, the same for whoever shows it. */
export function getRoleSql({ connectionTester }: Pick<Services, 'connectionTester'>, names: RoleSqlQuery): RoleSql {
  const { statements, setPassword } = connectionTester.roleSql(names);
  return {
    statements: statements.map(({ sql }) => sql),
    sql: statements.map(({ sql, why }) => `-- ${why}\n${sql}\n`).join(''),
    set_password: setPassword,
  };
}
