import { type Database, NOT_DURABLE } from '@hexclave/db';
import type { NumberedOrigin } from '../observer.ts';
import { withOrigins } from '../origins/origins.ts';
import { FIRST_LEASE_MS } from '../outgoing-requests/claim.ts';
import type { Claim, ClaimedRequest } from '../outgoing-requests/request.ts';
import type { PassResult, SequencerState } from './step.ts';

/**
 * Numbers one batch. `$1` rows a table, `$2` tenancy to start after, `$3` whether the next writer is asked to wake us, `$4`
 * how many syncs to claim, `$5` lease in ms. Not durable, which is safe: a crash that loses numbers begins an epoch, and
 * rows that are numbered again get numbers above all that was logged, or else the copies' cursors lie beyond the end of
 * the epoch before, and they are copied anew.
 */
const NUMBER = `SELECT n."numbered", n."last_tenancy" AS "lastTenancy", n."more", n."claimed", n."unclaimed", ${NOT_DURABLE}
  FROM "backfill_null_sequence_ids"($1, $2, $3, $4, $5) n`;

/** The same, for a process that follows where changes come from. */
const NUMBER_AND_FOLLOW = withOrigins(NUMBER);

/** A sync that a pass has queued and claimed. */
type ClaimedSync = Claim & { readonly tenancyId: string; readonly deduplicationKey: string };

type Pass = PassResult & {
  readonly claimed: readonly ClaimedRequest[];
  /** Requests were queued that may be claimed now. */
  readonly unclaimed: boolean;
  readonly origins: readonly NumberedOrigin[];
};

type PassRow = PassResult & {
  readonly claimed: ClaimedSync[];
  readonly unclaimed: boolean;
  readonly origins?: NumberedOrigin[];
};

/** One pass, which claims syncs of at most `room` tenancies. */
export async function numberBatch(
  db: Database,
  state: SequencerState,
  room: number,
  followOrigins = false,
): Promise<Pass> {
  const values = [state.batchSize, state.startAfter, state.askWake, room, FIRST_LEASE_MS];
  const [pass] = await db.queryPrepared<PassRow>(followOrigins ? NUMBER_AND_FOLLOW : NUMBER, values);
  if (pass === undefined) throw new Error('backfill_null_sequence_ids returned nothing');
  return { ...pass, claimed: pass.claimed.map(toRequest), origins: pass.origins ?? [] };
}

function toRequest(sync: ClaimedSync): ClaimedRequest {
  return {
    ...sync,
    kind: 'sync',
    externalDatabaseId: null,
    method: 'POST',
    url: null,
    headers: {},
    body: null,
    flowControlKey: null,
    flowControlParallelism: null,
    attempts: 0,
    maxAttempts: null,
    leaseMs: FIRST_LEASE_MS,
  };
}
