import type { EmulatorSecrets } from '@hexclave/server';
import { z } from 'zod';
import type { Context } from '../../context.ts';
import type { Outcome } from '../../declare/command.ts';
import type { Home } from '../../emulator/home.ts';
import { isHealthy } from '../../emulator/process.ts';
import { findRunning } from '../../emulator/state.ts';
import { printable } from '../../output/printable.ts';
import { list } from '../../output/table.ts';
import { ago } from '../../output/words.ts';

export const shownEmulator = z.object({
  state: z.enum(['running', 'not answering', 'stopped']),
  pid: z.number().nullable(),
  started_at_millis: z.number().nullable(),
  api_url: z.string().nullable(),
  dashboard_url: z.string().nullable(),
  project_id: z.literal('internal'),
  home: z.string(),
  log_file: z.string(),
  secrets_file: z.string(),
  keys: z
    .object({
      publishable_client_key: z.string(),
      secret_server_key: z.string(),
      super_secret_admin_key: z.string(),
    })
    .nullable(),
});

export type ShownEmulator = z.output<typeof shownEmulator>;

/** What there is to know of an emulator; with its keys only where somebody has asked for them. */
export async function describeEmulator(home: Home, options: { keys: boolean }): Promise<ShownEmulator> {
  const { readSecrets, secretsFileOf } = await import('@hexclave/server');
  const running = await findRunning(home);
  const state = running === undefined ? 'stopped' : (await isHealthy(running)) ? 'running' : 'not answering';
  const secrets = options.keys ? await readSecrets(home.directory) : undefined;
  return {
    state,
    pid: running?.pid ?? null,
    started_at_millis: running?.startedAtMs ?? null,
    api_url: running === undefined ? null : `http://localhost:${running.portPrefix}02`,
    dashboard_url: running === undefined ? null : `http://localhost:${running.portPrefix}01`,
    project_id: 'internal',
    home: home.directory,
    log_file: home.log,
    secrets_file: secretsFileOf(home.directory),
    keys: secrets === undefined ? null : keysOf(secrets),
  };
}

function keysOf(secrets: EmulatorSecrets): NonNullable<ShownEmulator['keys']> {
  const key = (kind: string) => secrets[`HEXCLAVE_SEED_INTERNAL_PROJECT_${kind}`] ?? '';
  return {
    publishable_client_key: key('PUBLISHABLE_CLIENT_KEY'),
    secret_server_key: key('SECRET_SERVER_KEY'),
    super_secret_admin_key: key('SUPER_SECRET_ADMIN_KEY'),
  };
}

export function shownOutcome(shown: ShownEmulator, title: string, context: Context): Outcome {
  return {
    json: shown,
    text: (styles) => [title, list(linesOf(shown, context.now()), styles), ...signInLines(shown)].join('\n'),
  };
}

function linesOf(shown: ShownEmulator, now: number): (readonly [string, string])[] {
  const { state, pid, started_at_millis: startedAt, api_url, dashboard_url, keys } = shown;
  const since = startedAt === null ? '' : `, process ${pid}, started ${ago(startedAt, now)}`;
  const lines: (readonly [string, string | null | undefined])[] = [
    ['state', `${state}${since}`],
    ['API', api_url],
    ['dashboard', dashboard_url],
    ['project', shown.project_id],
    ['publishable client key', keys?.publishable_client_key],
    ['secret server key', keys?.secret_server_key],
    ['super secret admin key', keys?.super_secret_admin_key],
    ['secrets', shown.secrets_file],
    ['log', shown.log_file],
  ];
  return lines.flatMap(([name, value]) => (value ? [[name, printable(value)] as const] : []));
}

function signInLines({ state, keys }: ShownEmulator): string[] {
  if (state === 'stopped') return ['', 'hexclave emulator start starts it.'];
  const where = keys === null ? 'which hexclave emulator status --show-keys shows' : 'above';
  return ['', `Sign in to the dashboard with the project internal and its super secret admin key, ${where}.`];
}
