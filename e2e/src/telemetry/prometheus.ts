import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEndOfFile, waitUntil } from '@hexclave/testing';

const OPS = fileURLToPath(new URL('../../../ops/prometheus/', import.meta.url));

export type Series = { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] };
export type Alert = { readonly labels: Record<string, string>; readonly state: string };

/** A real Prometheus, with the files of ops/prometheus. */
export type Prometheus = {
  query(expression: string): Promise<readonly Series[]>;
  /** Alerts that are pending or fire. */
  alerts(): Promise<readonly Alert[]>;
  /** The health of the targets, by address. */
  targets(): Promise<ReadonlyMap<string, string>>;
};

export type PrometheusOptions = {
  readonly targets: readonly string[];
  readonly secret: string;
  /** `for` of every alert, where nobody can wait so long. */
  readonly alertAfter: string;
};

/** The files as they are, but for addresses and times: a test has no quarter of an hour. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-prometheus-'));
  await cp(OPS, folder, { recursive: true });
  const config = await readFile(join(folder, 'prometheus.yml'), 'utf8');
  const rules = await readFile(join(folder, 'alerts.yml'), 'utf8');
  await writeFile(
    join(folder, 'prometheus.yml'),
    config
      .replaceAll('15s', '500ms')
      .replace("['127.0.0.1:8102']", `[${options.targets.map((target) => `'${target}'`).join(', ')}]`),
  );
  await writeFile(join(folder, 'alerts.yml'), rules.replace(/for: \S+/g, `for: ${options.alertAfter}`));
  await writeFile(join(folder, 'hexclave-metrics-secret'), options.secret, { mode: 0o600 });
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const exited = once(child, 'exit');
  atEndOfFile(async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  });
  const ask = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()) as Answer<T>;
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  };
  await waitUntil(
    async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${complaints}`);
      return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
    },
    { timeoutMs: 20_000, intervalMs: 100, describe: 'Prometheus to be ready' },
  );
  return {
    query: async (expression) =>
      (await ask<{ result: Series[] }>(`query?query=${encodeURIComponent(expression)}`)).result,
    alerts: async () => (await ask<{ alerts: Alert[] }>('alerts')).alerts,
    targets: async () => {
      const { activeTargets } = await ask<{ activeTargets: Target[] }>('targets');
      return new Map(activeTargets.map(({ labels, health }) => [labels.instance ?? '', health]));
    },
  };
}

type Answer<T> = { readonly status: string; readonly error?: string; readonly data: T };
type Target = { readonly labels: Record<string, string>; readonly health: string };

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
