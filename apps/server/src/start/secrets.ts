import { hkdfSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from '@hexclave/env';
import { HexclaveError } from '@hexclave/errors';
import { z } from 'zod';
import { readOrMakeJson } from './data-directory.ts';

const generatedSchema = z.object({
  serverSecret: z.string().min(32),
  cronSecret: z.string().min(32),
  demoDatabasePassword: z.string().min(32),
});
type Generated = z.output<typeof generatedSchema>;

/** What the server signs, encrypts and checks with. */
export type Secrets = {
  serverSecret: string;
  /** Only read with, while the secret is replaced. */
  previousServerSecrets: readonly string[];
  cronSecret: string;
  syncEngineSigningSecret: string;
  /** Still believed. */
  previousSigningSecrets: readonly string[];
  /** What a Prometheus sends; `undefined`: there are no metrics to be seen. */
  metricsSecret: string | undefined;
};

/** In development, also the password of the demo external database. */
export type DevelopmentSecrets = Secrets & Pick<Generated, 'demoDatabasePassword'>;

const FILE = 'secrets.json';
const SECRET_BYTES = 32;

/** The secrets of a server that is given them all, as in production; `undefined` if one is missing. */
export function givenSecrets({ serverSecret, cronSecret, ...environment }: Environment): Secrets | undefined {
  if (serverSecret === undefined || cronSecret === undefined) return undefined;
  const { metricsSecret } = environment;
  return { serverSecret, cronSecret, metricsSecret, ...rotatingSecrets(environment, serverSecret) };
}

/**
 * The secrets of a development server: those given, and for the others those of the data directory, which are made up
 * at the first start.
 */
export async function developmentSecrets(environment: Environment): Promise<DevelopmentSecrets> {
  const generated = await readGenerated(join(environment.dataDirectory, FILE));
  const serverSecret = environment.serverSecret ?? generated.serverSecret;
  return {
    serverSecret,
    cronSecret: environment.cronSecret ?? generated.cronSecret,
    metricsSecret: environment.metricsSecret ?? derive(serverSecret, 'metrics/v1'),
    demoDatabasePassword: generated.demoDatabasePassword,
    ...rotatingSecrets(environment, serverSecret),
  };
}

type Given = Pick<Environment, 'previousServerSecrets' | 'syncEngineSigningSecret' | 'syncEnginePreviousSigningSecret'>;

/** What can be replaced while servers run, with what is still good meanwhile. */
function rotatingSecrets(given: Given, serverSecret: string) {
  const previousServerSecrets = given.previousServerSecrets ?? [];
  const derived = previousServerSecrets.map(signingSecretOf);
  return {
    previousServerSecrets,
    syncEngineSigningSecret: given.syncEngineSigningSecret ?? signingSecretOf(serverSecret),
    previousSigningSecrets: [
      ...(given.syncEnginePreviousSigningSecret === undefined ? [] : [given.syncEnginePreviousSigningSecret]),
      ...(given.syncEngineSigningSecret === undefined ? derived : []),
    ],
  };
}

/** Derived from the server secret, so that servers which share the one share the other. */
function signingSecretOf(serverSecret: string): string {
  return derive(serverSecret, 'sync-engine-signing/v1');
}

function derive(serverSecret: string, purpose: string): string {
  return Buffer.from(hkdfSync('sha256', serverSecret, 'hexclave', purpose, SECRET_BYTES)).toString('base64url');
}

async function readGenerated(path: string): Promise<Generated> {
  const parsed = generatedSchema.safeParse(await readOrMakeJson(path, generate));
  if (parsed.success) return parsed.data;
  throw new HexclaveError({
    code: 'SECRETS_FILE_BROKEN',
    message: `The file of this server’s secrets is damaged: ${path}`,
    remedy:
      'Restore the file. Or remove it: new secrets are made at the next start, and the connection strings of external databases have to be set anew.',
  });
}

function generate(): Generated {
  const secret = () => randomBytes(SECRET_BYTES).toString('base64url');
  return { serverSecret: secret(), cronSecret: secret(), demoDatabasePassword: secret() };
}
