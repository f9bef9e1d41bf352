import type { AllSyncStatus, ExternalDatabaseSyncStatus, FuseboxPositions, SyncState } from '@hexclave/contract';
import { operatorApi, projectApi, publicApi } from '../../api.ts';
import { freshness } from '../../output/sync-words.ts';
import { counted, duration } from '../../output/words.ts';
import { INTERNAL_PROJECT_ID, type Settings } from '../../settings/settings.ts';
import { type Check, fail, ok, skip, warn } from './check.ts';
import { judgeSkew } from './database.ts';

const PATIENCE_MS = 5_000;
const LONG_DUE_MS = 60_000;

/** Whether the server answers, and what time it has. */
export async function checkServer(settings: Settings): Promise<Check[]> {
  const { value, origin } = settings.apiUrl;
  await publicApi(settings).health({ timeoutMs: PATIENCE_MS, maxAttempts: 1 });
  const before = Date.now();
  const answer = await fetch(`${value}/health`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const date = Date.parse(answer.headers.get('date') ?? '');
  await answer.body?.cancel();
  return [
    ok('server', `${value} (${origin}) is healthy`),
    // The header has whole seconds, which may be up to one old.
    ...(Number.isNaN(date) ? [] : [judgeSkew('clock of the server', date + 500 - (before + Date.now()) / 2)]),
  ];
}

export async function checkDashboard({ dashboardUrl }: Settings): Promise<Check[]> {
  const answer = await fetch(dashboardUrl, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
  await answer?.body?.cancel();
  if (answer?.ok) return [ok('dashboard', dashboardUrl)];
  const remedy = 'Set HEXCLAVE_DASHBOARD_URL if it is elsewhere. Nothing else depends on it.';
  return [warn('dashboard', `${dashboardUrl} does not answer.`, remedy)];
}

/** The copies of the chosen project. */
export async function checkProject(settings: Settings): Promise<Check[]> {
  const id = settings.projectId?.value;
  if (id === undefined || id === INTERNAL_PROJECT_ID) return [skip('project', 'none is chosen')];
  const { api, query } = projectApi(settings);
  const status = await api.call('getSyncStatus', { query: { ...query, scope: 'tenancy' } });
  if (status.scope !== 'tenancy') return [];
  const { external_databases: databases } = status;
  return [
    ok('project', `${id} (${settings.projectId?.origin}), ${counted(databases.length, 'external database')}`),
    ...switches(status.pipeline.fusebox),
    ...databases.map(checkCopy),
  ];
}

function checkCopy(database: ExternalDatabaseSyncStatus): Check {
  const name = `copy ${database.id}`;
  const error = database.error ?? database.mappings.find((mapping) => mapping.error !== null)?.error;
  if (error) return fail(name, `${error.message} (${error.code})`, error.remedy);
  const unequal = database.mappings.find((mapping) => mapping.verification_error !== null)?.verification_error;
  if (unequal) return warn(name, unequal.message, unequal.remedy);
  if (database.parked_rows > 0) {
    const remedy = 'hexclave db-sync status names the table; docs/guide/when-something-fails.md says what to do.';
    return warn(name, `${counted(database.parked_rows, 'row')} refused by the database.`, remedy);
  }
  const found: Record<SyncState, () => Check> = {
    fresh: () => ok(name, freshness(database)),
    behind: () => warn(name, freshness(database), 'It catches up by itself; hexclave db-sync watch shows how fast.'),
    failing: () => fail(name, 'It fails.', 'hexclave db-sync status says why.'),
    paused: () => warn(name, 'It is paused.', `hexclave db-sync resume ${database.id}`),
  };
  return found[database.state]();
}

/** The pipeline and all projects, for whoever has the operator's key. */
export async function checkPipeline(settings: Settings): Promise<Check[]> {
  if (settings.keysOf(INTERNAL_PROJECT_ID).superSecretAdminKey === undefined) {
    return [skip('pipeline', 'only the operator sees all of it')];
  }
  const status = await operatorApi(settings).call('getSyncStatus', { query: { scope: 'all', limit: 1 } });
  if (status.scope !== 'all') return [];
  return [checkServers(status), ...switches(status.pipeline.fusebox), ...checkRequests(status), checkTotals(status)];
}

function checkServers({ pipeline }: AllSyncStatus): Check {
  const { servers } = pipeline;
  if (servers.length > 0) {
    const versions = [...new Set(servers.map(({ version }) => version))];
    return ok('pipeline', `driven by ${counted(servers.length, 'server')}, version ${versions.join(' and ')}`);
  }
  const remedy =
    'Start a server with HEXCLAVE_EXTERNAL_DB_SYNC_RUN_LOOPS=true, or call the cron routes (docs/operations/drive-the-pipeline.md).';
  return warn('pipeline', 'No process has driven it within the last half minute.', remedy);
}

function checkRequests({ pipeline, at_millis: now }: AllSyncStatus): Check[] {
  const { oldest_due_at_millis: oldest, given_up: lost } = pipeline.outgoing_requests;
  const remedy = 'See the log of the server, and hexclave db-sync watch --all.';
  return [
    ...(oldest !== null && now - oldest > LONG_DUE_MS
      ? [warn('outgoing requests', `The oldest has been due for ${duration(now - oldest)}.`, remedy)]
      : []),
    ...(lost > 0 ? [warn('outgoing requests', `${counted(lost, 'request')} given up.`, remedy)] : []),
  ];
}

function checkTotals({ totals }: AllSyncStatus): Check {
  if (totals.failing === 0)
    return ok('all projects', `${totals.fresh} fresh, ${totals.behind} behind, ${totals.paused} paused`);
  return fail(
    'all projects',
    `${counted(totals.failing, 'project')} failing.`,
    'hexclave db-sync status --all --state failing',
  );
}

function switches(fusebox: FuseboxPositions): Check[] {
  const off = Object.entries(fusebox).filter(([, enabled]) => !enabled);
  return off.map(([name]) => {
    const words = name.replaceAll('_', '-');
    return warn(
      'fusebox',
      `${words} is switched off.`,
      `hexclave db-sync fusebox show, then: hexclave db-sync fusebox on ${words} --reason …`,
    );
  });
}
