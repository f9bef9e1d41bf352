import type { Claim, ClaimedRequest } from './request.ts';

/** The body of a request to a sync engine, as JSON. */
export type SyncMessage = {
  readonly tenancyId: string;
  readonly externalDatabaseId: string | null;
  /** `<id>.<claim token>`: names one claim of one outgoing request, so a different one for every attempt. */
  readonly requestId: string;
};

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const REQUEST_ID = new RegExp(`^(${UUID})\\.(${UUID})$`);

export function syncMessageOf(request: ClaimedRequest): SyncMessage {
  if (request.tenancyId === null) throw new Error('a sync without a tenancy was claimed');
  return {
    tenancyId: request.tenancyId,
    externalDatabaseId: request.externalDatabaseId,
    requestId: `${request.id}.${request.claimToken}`,
  };
}

/** `undefined` if it is not the id of a claim. */
export function parseRequestId(requestId: string): Claim | undefined {
  const [, id, claimToken] = REQUEST_ID.exec(requestId) ?? [];
  return id === undefined || claimToken === undefined ? undefined : { id, claimToken };
}
