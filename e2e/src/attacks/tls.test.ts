import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { type Owned, ownedDatabase, type Project, pathOf } from '../external-db-sync/support/project.ts';
import { type Certificate, makeCertificate, startTlsCluster, type TlsCluster } from '../support/certificates.ts';

let hexclave: Installation;
let project: Project;
let server: TlsCluster;
let database: Owned;
let authority: Certificate;
let certificates: Record<'good' | 'selfSigned' | 'otherName' | 'expired' | 'otherAuthority', Certificate>;
let plainPort: number;

beforeAll(async () => {
  authority = await makeCertificate({ isAuthority: true });
  const stranger = await makeCertificate({ isAuthority: true });
  certificates = {
    good: await makeCertificate({ signedBy: authority }),
    selfSigned: await makeCertificate(),
    otherName: await makeCertificate({ signedBy: authority, names: ['db.example.com'] }),
    expired: await makeCertificate({ signedBy: authority, hasExpired: true }),
    otherAuthority: await makeCertificate({ signedBy: stranger }),
  };
  server = await startTlsCluster(certificates.good);
  database = ownedDatabase(server.cluster.connectionString('postgres'));
  hexclave = await createInstallation();
  project = await hexclave.createProject();
  plainPort = Number(new URL(hexclave.connectionString).port);
});

afterAll(async () => {
  await hexclave.close();
  await database.db.end();
});

let count = 0;

/** Configures an external database with those parameters, and says what becomes of it: its error code, or `null`. */
async function outcomeOf(parameters: string, connectionString = database.connectionString): Promise<string | null> {
  const id = `copy${++count}`;
  const config = { type: 'postgres', connectionString: connectionString + parameters, schema: id };
  await project.configure({ [pathOf(id)]: config });
  const answered = async () => {
    const [state] = await hexclave.db.query<{ errorCode: string | null }>(
      `SELECT "errorCode" FROM "ExternalDatabaseState" WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2`,
      [project.tenancyId, id],
    );
    return state;
  };
  await waitUntil(async () => (await answered()) !== undefined, {
    timeoutMs: 20_000,
    describe: 'the external database to answer or to fail',
  });
  return (await answered())?.errorCode ?? null;
}

const trusting = () => `?sslrootcert=${encodeURIComponent(authority.cert)}`;

/** Whether the last connection to the target is encrypted. */
async function isEncrypted(): Promise<boolean | undefined> {
  const [row] = await database.db.query<{ ssl: boolean }>(
    `SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'hexclave'
     ORDER BY a.backend_start DESC LIMIT 1`,
  );
  return row?.ssl;
}

describe('A4 a connection to a target is encrypted, and to whom is checked, unless its owner openly chose otherwise', () => {
  test('a certificate of an authority that is not trusted is refused when nothing is said', async () => {
    expect(await outcomeOf('')).toBe('TARGET_TLS_FAILED');
  });

  test('with the authority that signed it, it is taken', async () => {
    expect(await outcomeOf(trusting())).toBeNull();
    expect(await isEncrypted()).toBe(true);
  });

  test.each([
    ['signed by itself', 'selfSigned', ''],
    ['of another name', 'otherName', ''],
    ['that has expired', 'expired', ''],
    ['that has expired, with sslmode=verify-ca,', 'expired', '&sslmode=verify-ca'],
    ['of another authority', 'otherAuthority', ''],
    ['of another authority, with sslmode=verify-ca,', 'otherAuthority', '&sslmode=verify-ca'],
  ] as const)('a certificate %s is refused', async (_, which, parameters) => {
    await server.present(certificates[which]);
    expect(await outcomeOf(trusting() + parameters)).toBe('TARGET_TLS_FAILED');
  });

  test('sslmode=verify-ca takes another name, and nothing else', async () => {
    await server.present(certificates.otherName);
    expect(await outcomeOf(`${trusting()}&sslmode=verify-ca`)).toBeNull();
  });

  test.each(['require', 'no-verify'])('sslmode=%s encrypts without asking who is there', async (mode) => {
    await server.present(certificates.selfSigned);
    expect(await outcomeOf(`?sslmode=${mode}`)).toBeNull();
    expect(await isEncrypted()).toBe(true);
  });

  test('sslmode=disable does not encrypt', async () => {
    expect(await outcomeOf('?sslmode=disable')).toBeNull();
    expect(await isEncrypted()).toBe(false);
  });

  test.each(['', '?sslmode=require', '?sslmode=no-verify'])(
    'a server without TLS is never signed in to with "%s": no password is sent in the clear',
    async (parameters) => {
      const url = new URL(database.connectionString);
      url.port = String(plainPort);
      expect(await outcomeOf(parameters, url.href)).toBe('TARGET_TLS_FAILED');
    },
  );
});
