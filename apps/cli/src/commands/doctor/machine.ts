import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { isPortFree } from '@hexclave/embedded-postgres';
import { CATALOGUE, loadEnvironment } from '@hexclave/env';
import { portsOf } from '@hexclave/server';
import type { Context } from '../../context.ts';
import { permissionsOf } from '../../settings/config-file.ts';
import type { Settings } from '../../settings/settings.ts';
import { type Check, fail, ok, skip, warn } from './check.ts';

const OLDEST_NODE = 20;
const TESTED_NODES = [20, 22, 24];
const ENOUGH_LENGTH = 32;

export function checkNode(version: string): Check[] {
  const major = Number(version.split('.')[0]);
  if (major < OLDEST_NODE) return [fail('Node.js', `This is ${version}.`, `Install Node.js ${OLDEST_NODE} or newer.`)];
  if (TESTED_NODES.includes(major)) return [ok('Node.js', version)];
  return [warn('Node.js', `This is ${version}, which is not tested.`, `Use ${TESTED_NODES.join(', ')}.`)];
}

/** The variables of a server, as it would read them here. */
export function checkEnvironment({ source }: Context): Check[] {
  const environment = loadEnvironment(CATALOGUE, { environment: source });
  const { nodeEnv, serverSecret, cronSecret } = environment;
  const given = { HEXCLAVE_SERVER_SECRET: serverSecret, CRON_SECRET: cronSecret };
  const short = Object.entries(given).filter(([, value]) => value !== undefined && value.length < ENOUGH_LENGTH);
  const made = Object.entries(given).filter(([, value]) => value === undefined);
  const remedy = `Use at least ${ENOUGH_LENGTH} random characters: openssl rand -base64 32.`;
  return [
    ok('environment', `for ${nodeEnv}`),
    ...short.map(([name]) => warn('secrets', `${name} is short.`, remedy)),
    ...(short.length > 0
      ? []
      : [ok('secrets', made.length === 0 ? 'given' : 'made up at the first start, for development')]),
  ];
}

export async function checkConfigFile({ configPath }: Settings): Promise<Check[]> {
  const found = await permissionsOf(configPath);
  if (found === undefined) return [skip('configuration file', `there is none at ${configPath}, and none is needed`)];
  return [ok('configuration file', `${configPath}, mode ${found.mode}`)];
}

/** Where a development server keeps data and keys. */
export async function checkDataDirectory({ dataDirectory, environment }: Settings): Promise<Check[]> {
  const name = 'data directory';
  if (environment.nodeEnv === 'production') return [skip(name, 'not used in production')];
  const found = await permissionsOf(dataDirectory);
  if (found === undefined) return [skip(name, `${dataDirectory} is made at the first start`)];
  const isWritable = await access(dataDirectory, constants.W_OK).then(
    () => true,
    () => false,
  );
  const remedy = 'Work as the user that it belongs to, or name another in HEXCLAVE_DATA_DIRECTORY.';
  if (!isWritable) return [fail(name, `${dataDirectory} cannot be written.`, remedy)];
  const files = ['development-keys.json', 'secrets.json'].map((file) => join(dataDirectory, file));
  const open: string[] = [];
  for (const file of files) if ((await permissionsOf(file))?.isPrivate === false) open.push(file);
  if (open.length === 0) return [ok(name, dataDirectory)];
  return [
    fail(name, `Other users may read ${open.join(' and ')}.`, `chmod 600 ${open.map((file) => `'${file}'`).join(' ')}`),
  ];
}

/** `isServing`: the server that was asked for answers, and so it is what uses the ports. */
export async function checkPorts({ environment, apiUrl }: Settings, isServing: boolean): Promise<Check[]> {
  const ports = portsOf(environment.portPrefix);
  const isOurs = isServing && new URL(apiUrl.value).port === String(ports.api);
  const checks: Check[] = [];
  for (const [use, port] of Object.entries(ports)) {
    const name = `port ${port}`;
    if (await isPortFree(port)) checks.push(ok(name, `free, for ${NAMES[use as keyof typeof NAMES]}`));
    else if (isOurs) checks.push(ok(name, `${NAMES[use as keyof typeof NAMES]} of the server that runs`));
    else checks.push(taken(name, NAMES[use as keyof typeof NAMES]));
  }
  return checks;
}

const NAMES = { dashboard: 'the dashboard', api: 'the API', postgres: 'PostgreSQL from npm' } as const;

function taken(name: string, use: string): Check {
  const remedy = 'Stop what listens there, or choose other ports with NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX.';
  return warn(name, `Another program uses the port that is meant for ${use}.`, remedy);
}
