import type { Queryable } from '@hexclave/db';

/** The positions of the operator's switches. */
export type Fusebox = {
  readonly sequencer: boolean;
  readonly poller: boolean;
  readonly outgoingRequests: boolean;
  readonly syncEngine: boolean;
};

/** With the time of the snapshot, by the clock that all servers share: everything committed before it is seen. */
export async function readFusebox(tx: Queryable): Promise<{ at: Date; fusebox: Fusebox }> {
  const [row] = await tx.query<{ at: Date } & Fusebox>(
    `SELECT now() AS at, m."sequencerEnabled" AS sequencer, m."pollerEnabled" AS poller,
       m."outgoingRequestsEnabled" AS "outgoingRequests", m."syncEngineEnabled" AS "syncEngine" FROM "ExternalDbSyncMetadata" m`,
  );
  if (row === undefined) throw new Error('"ExternalDbSyncMetadata" has no row');
  const { at, ...fusebox } = row;
  return { at, fusebox };
}
