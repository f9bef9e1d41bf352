import type { Environment } from '@hexclave/env';

/** What the sync pipeline of a server is configured with. */
export type SyncConfig = {
  /** Whether this process runs the loops itself; otherwise its cron routes must be called. */
  readonly runLoops: boolean;
  readonly allowPrivateHosts: boolean;
  readonly cronSecret: string;
  /** Signs requests to a sync engine, and verifies them. */
  readonly signingSecret: string;
  /** Still believed, so that the secret can be replaced on one server after the other. */
  readonly previousSigningSecrets?: readonly string[];
  /** How many proxies before us append to X-Forwarded-For. Default 0. */
  readonly trustedProxies?: number;
  /** Another server's sync engine that does the work. Default: the engine in this process. */
  readonly syncEngineUrl?: string | undefined;
  readonly qstash?: QstashConfig | undefined;
};

/** Delivery through Upstash QStash. */
export type QstashConfig = {
  readonly token: string;
  readonly baseUrl?: string | undefined;
  readonly currentSigningKey: string;
  readonly nextSigningKey: string;
  /** Where QStash reaches this server's sync engine. */
  readonly syncEngineUrl: string;
};

export const SYNC_ENGINE_PATH = '/api/v1/internal/external-db-sync/sync-engine';

type Secrets = {
  readonly cronSecret: string;
  readonly syncEngineSigningSecret: string;
  readonly previousSigningSecrets: readonly string[];
};

/** `apiUrl`: where the API is reached from outside, without a path. */
export function syncConfigOf(environment: Environment, secrets: Secrets, apiUrl: string): SyncConfig {
  return {
    runLoops: environment.runLoops,
    allowPrivateHosts: environment.allowPrivateHosts,
    cronSecret: secrets.cronSecret,
    signingSecret: secrets.syncEngineSigningSecret,
    previousSigningSecrets: secrets.previousSigningSecrets,
    trustedProxies: environment.trustedProxies,
    syncEngineUrl: environment.syncEngineUrl,
    qstash: qstashConfigOf(environment, apiUrl),
  };
}

function qstashConfigOf(environment: Environment, apiUrl: string): QstashConfig | undefined {
  const { qstashToken, qstashCurrentSigningKey, qstashNextSigningKey, qstashUrl } = environment;
  // The catalogue demands the keys beside the token; this is for the compiler.
  if (qstashToken === undefined || qstashCurrentSigningKey === undefined || qstashNextSigningKey === undefined) {
    return undefined;
  }
  return {
    token: qstashToken,
    baseUrl: qstashUrl,
    currentSigningKey: qstashCurrentSigningKey,
    nextSigningKey: qstashNextSigningKey,
    syncEngineUrl: new URL(SYNC_ENGINE_PATH, apiUrl).href,
  };
}
