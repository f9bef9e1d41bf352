import type { Database } from '@hexclave/db';
import { sql } from 'kysely';
import type { KeptActor } from './actor.ts';
import { hashKey, hintOf, type KeyKind, sameHash } from './keys.ts';
import { INTERNAL_PROJECT_ID } from './projects.ts';
import { build, read } from './statements.ts';

/** Who is asking, and on behalf of which tenancy. */
export type Authentication = {
  projectId: string;
  branchId: string;
  tenancyId: string;
  access: KeyKind;
  keySetId: string;
  /** An operator may ask on behalf of another project than the key's own. */
  actor: KeptActor;
  /** The same as in the log. */
  requestId?: string;
};

export type AuthenticationResult =
  | { outcome: 'authenticated'; authentication: Authentication }
  | { outcome: 'no-such-project' | 'no-such-branch' | 'invalid-key' };

type Claim = {
  projectId: string;
  branchId: string;
  access: KeyKind;
  key: { kind: KeyKind; value: string };
  origin?: KeptActor['origin'];
};

const HASH_COLUMNS = {
  client: 'publishableClientKeyHash',
  server: 'secretServerKeyHash',
  admin: 'superSecretAdminKeyHash',
} as const;

/** Looks a key up by its hash, with the project and the tenancy, in one statement. */
export async function authenticate(database: Database, claim: Claim): Promise<AuthenticationResult> {
  const hash = hashKey(claim.key.value);
  const column = HASH_COLUMNS[claim.key.kind];
  const statement = build
    .selectFrom('Project as p')
    .leftJoin('Tenancy as t', (join) => join.onRef('t.projectId', '=', 'p.id').on('t.branchId', '=', claim.branchId))
    .leftJoin('ApiKeySet as k', (join) => join.onRef('k.projectId', '=', 'p.id').on(`k.${column}`, '=', hash))
    .select(['t.id as tenancyId', 'k.id as keySetId', `k.${column} as hash`])
    // By the database's clock, which all servers share.
    .select(sql<boolean | null>`k."expiresAt" > now() AND k."manuallyRevokedAt" IS NULL`.as('usable'))
    .where('p.id', '=', claim.projectId);
  const [row] = await read(database, statement);
  if (row === undefined) return { outcome: 'no-such-project' };
  if (row.keySetId === null || row.hash === null || row.usable !== true) return { outcome: 'invalid-key' };
  if (!sameHash(row.hash, hash)) return { outcome: 'invalid-key' };
  if (row.tenancyId === null) return { outcome: 'no-such-branch' };
  const { projectId, branchId, access, origin = 'api' } = claim;
  const { tenancyId, keySetId } = row;
  const kind = projectId === INTERNAL_PROJECT_ID ? 'operator' : 'owner';
  const actor: KeptActor = { kind, keySetId, keyHint: hintOf(claim.key.value), origin };
  return { outcome: 'authenticated', authentication: { projectId, branchId, access, tenancyId, keySetId, actor } };
}
