import { KnownError, type RouteInput, type RouteReply, type syncRoutes } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import {
  type Claim,
  completeRequest,
  type Engine,
  findSignatureFault,
  isClaimed,
  parseRequestId,
  RUN_MS,
  releaseRequest,
  SIGNATURE_HEADERS,
  useSignature,
} from '@hexclave/sync';

/** Who sent a request to the sync engine: a poller of ours, which settles it, or QStash, for which we do. */
export type Sender = 'poller' | 'qstash';

export type EngineRequestServices = {
  readonly database: Database;
  readonly engine: Engine;
  /** The current one first. */
  readonly signingSecrets: readonly string[];
  /** Absent unless QStash is configured. */
  readonly verifyQstash?: ((signature: string, body: string) => Promise<boolean>) | undefined;
};

/** A request as it came: what its signature covers. */
export type SignedRequest = {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
  readonly header: (name: string) => string | undefined;
};

type Input = RouteInput<typeof syncRoutes.runSyncEngine>['body'];
type Reply = RouteReply<typeof syncRoutes.runSyncEngine>;

/** Throws INVALID_REQUEST_SIGNATURE unless the request is signed, recent, and new. */
export async function authenticateSender(services: EngineRequestServices, request: SignedRequest): Promise<Sender> {
  const upstash = request.header('upstash-signature');
  if (upstash !== undefined && services.verifyQstash !== undefined) {
    if (await services.verifyQstash(upstash, request.body)) return 'qstash';
    throw invalid('mismatch');
  }
  const requestId = request.header(SIGNATURE_HEADERS.requestId);
  const fault = findSignatureFault(
    services.signingSecrets,
    request.header(SIGNATURE_HEADERS.signature),
    { ...request, requestId, timestamp: request.header(SIGNATURE_HEADERS.timestamp) },
    Math.floor(Date.now() / 1_000),
  );
  if (fault !== undefined || requestId === undefined) throw invalid(fault ?? 'missing');
  if (!(await useSignature(services.database, requestId))) throw invalid('replayed');
  return 'poller';
}

/** Does what an authenticated request asks for. */
export async function runEngineRequest(
  services: EngineRequestServices,
  sender: Sender,
  input: Input,
  signal: AbortSignal,
): Promise<Reply> {
  const sync = () =>
    services.engine.sync({
      tenancyId: input.tenancyId,
      externalDatabaseId: input.externalDatabaseId,
      maxDurationMs: RUN_MS,
      signal,
    });
  if (sender === 'qstash') return settleForQstash(services, parseRequestId(input.requestId), sync);
  if (!(await isEngineEnabled(services.database))) throw new KnownError('SYNC_ENGINE_DISABLED', {});
  return { finished: (await sync()).finished };
}

/**
 * QStash only learns that we took the request: what is left to do, also while the engine is switched off, goes back to
 * our own queue. A claim that was settled or taken over is none of ours any more, so a second delivery does nothing.
 */
async function settleForQstash(
  { database }: EngineRequestServices,
  claim: Claim | undefined,
  sync: () => Promise<Reply>,
): Promise<Reply> {
  if (claim === undefined || !(await isClaimed(database, claim))) return { finished: true };
  const { finished } = await sync();
  if (finished) await completeRequest(database, claim);
  else await releaseRequest(database, claim, 0);
  return { finished };
}

async function isEngineEnabled(database: Database): Promise<boolean> {
  const rows = await database.query('SELECT 1 FROM "ExternalDbSyncMetadata" WHERE "syncEngineEnabled"');
  return rows.length > 0;
}

function invalid(reason: string): KnownError {
  return new KnownError('INVALID_REQUEST_SIGNATURE', { reason });
}
