import type { Queryable } from '@hexclave/db';

/** What is kept of a failure. */
export type FailureFacts = {
  readonly errorCode: string | null;
  readonly errorSqlState: string | null;
  readonly errorMessage: string | null;
  readonly errorRemedy: string | null;
  readonly failingSince: Date | null;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
};

/** What was written of each mapping at the last sample. */
export type LastSample = {
  readonly at: Date;
  readonly mappings: Readonly<Record<string, { readonly applied: number }>>;
};

/** One external database as the internal database knows it. */
export type DatabaseFacts = FailureFacts & {
  readonly tenancyId: string;
  readonly id: string;
  readonly type: string;
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
  };
  readonly schemaName: string;
  readonly deleteMode: 'hard' | 'soft';
  readonly tables: Readonly<Record<string, { readonly enabled?: boolean; readonly targetName?: string }>> | null;
  readonly paused: boolean;
  readonly createdAt: Date;
  readonly lastSucceededAt: Date | null;
  readonly verifiedThrough: Date | null;
  readonly sampledAt: Date | null;
  readonly sampled: LastSample['mappings'] | null;
};

/** One mapping of it that has ever been tried. */
export type MappingFacts = FailureFacts & {
  readonly tenancyId: string;
  readonly externalDatabaseId: string;
  readonly mapping: string;
  readonly phase: 'copy' | 'stream';
  readonly cursor: bigint;
  readonly rowsApplied: bigint;
  readonly rowsCopied: bigint;
  readonly parkedRows: bigint;
  readonly lastAppliedAt: Date | null;
  readonly differingRows: bigint;
  readonly verifiedThrough: Date | null;
  readonly verificationErrorCode: string | null;
  readonly verificationErrorMessage: string | null;
  readonly verificationErrorRemedy: string | null;
};

/** What waits in the queue for one tenancy, its external databases' own retries apart. */
export type RequestFacts = {
  readonly tenancyId: string;
  /** When the oldest request was queued that is for the whole tenancy. */
  readonly oldestAt: Date | null;
  readonly waiting: number;
  readonly due: number;
  readonly inFlight: number;
  readonly stale: number;
  readonly retrying: number;
  readonly oldestDueAt: Date | null;
  readonly nextAttemptAt: Date | null;
};

const FAILURE = `"errorCode", "errorSqlState", "errorMessage", "errorRemedy", "failingSince", "attempts", "nextAttemptAt"`;

/** The sample of before the last seconds: rates over less say little. */
const DATABASES = `
  SELECT d."tenancyId", d."id", d."type", d."connectionDisplay" AS connection, d."schemaName", d."deleteMode", d."tables", d."paused",
    d."createdAt", f.*, p."at" AS "sampledAt", p."mappings" AS sampled
  FROM unnest($1::uuid[]) u (tenancy) JOIN "ExternalDatabase" d ON d."tenancyId" = u.tenancy
  LEFT JOIN LATERAL (SELECT ${FAILURE}, "lastSucceededAt", "verifiedThrough" FROM "ExternalDatabaseState" s
    WHERE s."tenancyId" = d."tenancyId" AND s."externalDatabaseId" = d."id") f ON true
  LEFT JOIN LATERAL (SELECT s."at", s."mappings" FROM "ExternalDatabaseSample" s
    WHERE s."tenancyId" = d."tenancyId" AND s."externalDatabaseId" = d."id" AND s."at" < now() - interval '5 seconds'
    ORDER BY s."at" DESC LIMIT 1) p ON true
  ORDER BY d."tenancyId", d."id"`;

export function readDatabases(tx: Queryable, tenancyIds: readonly string[]): Promise<DatabaseFacts[]> {
  return tx.query<DatabaseFacts>(DATABASES, [tenancyIds]);
}

const MAPPINGS = `
  SELECT s."tenancyId", s."externalDatabaseId", s."mapping", s."phase", s."appliedSequenceId" AS cursor, s."rowsApplied", s."rowsCopied",
    s."parkedRows", s."lastAppliedAt", s."differingRows", s."verifiedThrough", s."verificationErrorCode", s."verificationErrorMessage",
    s."verificationErrorRemedy", ${FAILURE}
  FROM unnest($1::uuid[]) u (tenancy) JOIN "ExternalDatabaseMappingState" s ON s."tenancyId" = u.tenancy`;

export function readMappings(tx: Queryable, tenancyIds: readonly string[]): Promise<MappingFacts[]> {
  return tx.query<MappingFacts>(MAPPINGS, [tenancyIds]);
}

/** By the keys under which syncs are queued, which the indexes of the queue have. A tenancy has one and one for each database. */
const REQUESTS = `
  SELECT u.tenancy AS "tenancyId", min(r."createdAt") FILTER (WHERE r."externalDatabaseId" IS NULL) AS "oldestAt",
    (count(*) FILTER (WHERE r."startedFulfillingAt" IS NULL))::integer AS waiting,
    (count(*) FILTER (WHERE r."startedFulfillingAt" IS NULL AND r."notBefore" <= now()))::integer AS due,
    (count(*) FILTER (WHERE r."startedFulfillingAt" IS NOT NULL))::integer AS "inFlight",
    (count(*) FILTER (WHERE r."leaseExpiresAt" <= now()))::integer AS stale,
    (count(*) FILTER (WHERE r."startedFulfillingAt" IS NULL AND (r."attempts" > 0 OR r."externalDatabaseId" IS NOT NULL)))::integer AS retrying,
    min(r."notBefore") FILTER (WHERE r."startedFulfillingAt" IS NULL AND r."notBefore" <= now()) AS "oldestDueAt",
    min(r."notBefore") FILTER (WHERE r."startedFulfillingAt" IS NULL AND r."notBefore" > now()) AS "nextAttemptAt"
  FROM unnest($1::uuid[]) u (tenancy)
  CROSS JOIN LATERAL (
    SELECT 'sync:' || u.tenancy AS key
    UNION ALL SELECT 'sync:' || u.tenancy || ':' || d."id" FROM "ExternalDatabase" d WHERE d."tenancyId" = u.tenancy) k
  CROSS JOIN LATERAL (
    SELECT w.* FROM "OutgoingRequest" w WHERE w."deduplicationKey" = k.key AND w."startedFulfillingAt" IS NULL AND w."failedAt" IS NULL
    UNION ALL
    SELECT f.* FROM "OutgoingRequest" f WHERE f."deduplicationKey" = k.key AND f."startedFulfillingAt" IS NOT NULL AND f."failedAt" IS NULL) r
  GROUP BY u.tenancy`;

export function readRequests(tx: Queryable, tenancyIds: readonly string[]): Promise<RequestFacts[]> {
  return tx.query<RequestFacts>(REQUESTS, [tenancyIds]);
}
