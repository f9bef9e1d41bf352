import { routes } from '@hexclave/contract';
import { DASHBOARD_URL } from '../processes/addresses.ts';
import type { Answer } from '../processes/worker.ts';
import { type Access, adminHeaders } from '../stage/access.ts';
import { CANARIES, PASSWORD_CANARY } from '../stage/secrets.ts';
import type { Worker } from '../stage/worker.ts';

/** Something that owners, operators, browsers and monitors ask a server process. */
export type Question = {
  /** For messages. */
  readonly place: string;
  readonly isMetrics: boolean;
  /** What the answer must not have. */
  readonly canaries: readonly string[];
  ask(worker: Worker): Promise<Answer>;
};

const API = '/api/v1';
const STATUS = '/internal/external-db-sync/status';
/** Below it nothing is about single rows; above it rows are what their owner asks for. */
const INTERNAL = '/internal/';

/** Everything that can be read without naming a thing. */
const READ_ROUTES = Object.values(routes)
  .filter(({ method, path }) => method === 'get' && !path.includes('{'))
  .map(({ path }) => path);

/** Signs in to the dashboard; returns the questions that are asked all along, and those that are asked once. */
export async function prepareQuestions(
  access: Access,
  worker: Worker,
): Promise<{ always: readonly Question[]; once: readonly Question[] }> {
  const cookie = await signIn(access, worker);
  const ways = [
    (path: string) => byApi('the owner', adminHeaders(access.owner), path),
    (path: string) => byApi('the operator', adminHeaders(access.operator), path),
    (path: string) => byDashboard(cookie, path),
  ];
  const ofAll = byApi('the operator', adminHeaders(access.operator), `${STATUS}?scope=all`);
  const always = [metrics(access), ...ways.map((way) => way(STATUS)), ofAll];
  return { always, once: [...ways.flatMap((way) => READ_ROUTES.map(way)), byApi('anybody', {}, '/health')] };
}

function metrics({ metricsSecret }: Access): Question {
  const headers = { authorization: `Bearer ${metricsSecret}` };
  const ask = (worker: Worker) => worker.call('api', '/metrics', { headers });
  return { place: 'the metrics', isMetrics: true, canaries: CANARIES, ask };
}

function byApi(whom: string, headers: Readonly<Record<string, string>>, path: string): Question {
  const ask = (worker: Worker) => worker.call('api', `${API}${path}`, { headers });
  return { place: `the answer of ${path} to ${whom}`, isMetrics: false, canaries: canariesOf(path), ask };
}

function byDashboard(cookie: string, path: string): Question {
  const ask = (worker: Worker) => worker.call('dashboard', `${API}${path}`, { headers: { cookie } });
  return { place: `the dashboard’s answer of ${path}`, isMetrics: false, canaries: canariesOf(path), ask };
}

function canariesOf(path: string): readonly string[] {
  return path.startsWith(INTERNAL) ? CANARIES : [PASSWORD_CANARY];
}

/** Begins a session as a browser does, which every process then knows. */
async function signIn({ owner }: Access, worker: Worker): Promise<string> {
  const body = JSON.stringify({ project_id: owner.projectId, super_secret_admin_key: owner.superSecretAdminKey });
  const headers = { origin: DASHBOARD_URL, 'content-type': 'application/json' };
  const { status, body: text, cookie } = await worker.call('dashboard', '/session', { method: 'POST', headers, body });
  if (cookie === null) throw new Error(`The dashboard answered ${status} instead of signing in: ${text}`);
  return cookie.split(';')[0] ?? '';
}
