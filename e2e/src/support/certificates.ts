import { X509Certificate } from 'node:crypto';
import { chmod, chown, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { type ExtraCluster, startExtraCluster, waitUntil } from '@hexclave/testing';
import pg from 'pg';
import { generate } from 'selfsigned';

/** PEM. */
export type Certificate = { readonly key: string; readonly cert: string };

export type CertificateOptions = {
  /** Host names and IPv4 addresses that it is good for. Default: `127.0.0.1`. */
  readonly names?: readonly string[];
  /** Default: itself. */
  readonly signedBy?: Certificate;
  readonly isAuthority?: boolean;
  readonly hasExpired?: boolean;
};

const A_DAY_MS = 86_400_000;

/** Makes a certificate and its key. */
export async function makeCertificate(options: CertificateOptions = {}): Promise<Certificate> {
  const { names = ['127.0.0.1'], signedBy, isAuthority = false, hasExpired = false } = options;
  const age = hasExpired ? 2 * A_DAY_MS : 60_000;
  const made = await generate([{ name: 'commonName', value: isAuthority ? 'An authority' : (names[0] ?? '') }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - age),
    notAfterDate: new Date(Date.now() + (hasExpired ? -A_DAY_MS : A_DAY_MS)),
    ...(signedBy !== undefined && { ca: signedBy }),
    extensions: [
      { name: 'basicConstraints', cA: isAuthority, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: isAuthority, critical: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (/^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}

export type TlsCluster = {
  readonly cluster: ExtraCluster;
  /** Gives it another certificate. */
  present(certificate: Certificate): Promise<void>;
};

/** A PostgreSQL that speaks TLS. */
export async function startTlsCluster(certificate: Certificate): Promise<TlsCluster> {
  const cluster = await startExtraCluster();
  const present = async (next: Certificate) => {
    await writeAsServer(cluster, 'server.key', next.key);
    await writeAsServer(cluster, 'server.crt', next.cert);
    await administer(cluster, ['ALTER SYSTEM SET ssl = on', 'SELECT pg_reload_conf()']);
    const wanted = new X509Certificate(next.cert).fingerprint256;
    await waitUntil(async () => (await presentedBy(cluster)) === wanted, { describe: 'the certificate to be in use' });
  };
  await present(certificate);
  return { cluster, present };
}

async function writeAsServer({ dataDir }: ExtraCluster, name: string, text: string): Promise<void> {
  const path = join(dataDir, name);
  const { uid, gid } = await stat(dataDir);
  await writeFile(path, text);
  await chmod(path, 0o600);
  await chown(path, uid, gid);
}

async function administer(cluster: ExtraCluster, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: cluster.connectionString('postgres') });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** The fingerprint of the certificate that a client is shown now. */
async function presentedBy(cluster: ExtraCluster): Promise<string> {
  const client = new pg.Client({
    connectionString: cluster.connectionString('postgres'),
    ssl: { rejectUnauthorized: false },
  });
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: TLSSocket } }).connection;
  const { fingerprint256 } = stream.getPeerCertificate();
  await client.end();
  return fingerprint256;
}
