-- Status: what is kept so that it can be told at once how fresh every copy is, and how it was in the last hour.
-- compatibility: safe

-- The pipeline as a whole, about every ten seconds, by whichever process is first. Also a clock: a number above "lastNumber"
-- was given out, and a transaction from "nextXid" on was begun, after "at". Samples of the last hour are for the charts; of
-- older ones, every tenth minute's is kept for a month, so that it can be told how old an old backlog is.
CREATE TABLE "PipelineSample" (
  "at"               timestamptz PRIMARY KEY DEFAULT now(),
  "nextXid"          bigint NOT NULL,
  "lastNumber"       bigint NOT NULL,
  -- By tenancy: since when changes of it had been waiting for a number, if for longer than a second. Their numbers say
  -- nothing of their age. '*': of those that are too many to name.
  "pendingSince"     jsonb NOT NULL DEFAULT '{}',
  "rowsPending"      bigint NOT NULL,
  "rowsApplied"      bigint NOT NULL,
  "requestsPending"  bigint NOT NULL,
  "requestsInFlight" bigint NOT NULL,
  "oldestDueMs"      bigint NOT NULL,
  "failingProjects"  bigint NOT NULL
);

-- One external database, about every half minute in which anything happened to it.
CREATE TABLE "ExternalDatabaseSample" (
  "tenancyId"          uuid NOT NULL,
  "externalDatabaseId" text NOT NULL,
  "at"                 timestamptz NOT NULL DEFAULT now(),
  "behindMs"           bigint,
  -- By mapping: {applied, behind}; rows applied since it was added, and rows that waited (null: not counted).
  "mappings"           jsonb NOT NULL,
  PRIMARY KEY ("tenancyId", "externalDatabaseId", "at"),
  FOREIGN KEY ("tenancyId", "externalDatabaseId") REFERENCES "ExternalDatabase" ("tenancyId", "id") ON DELETE CASCADE
);
CREATE INDEX "ExternalDatabaseSample_at_idx" ON "ExternalDatabaseSample" ("at");

-- The processes that drive the pipeline. A row is renewed every few seconds and removed once it is an hour old.
CREATE TABLE "PipelineProcess" (
  "id"              uuid PRIMARY KEY,
  "host"            text NOT NULL,
  "processId"       integer NOT NULL,
  "version"         text NOT NULL,
  "startedAt"       timestamptz NOT NULL,
  "seenAt"          timestamptz NOT NULL DEFAULT now(),
  "sequencerRanAt"  timestamptz,
  "pollerRanAt"     timestamptz,
  "deliveries"      integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Rows that the copy under way has written so far.
ALTER TABLE "ExternalDatabaseMappingState" ADD COLUMN "rowsCopied" bigint NOT NULL DEFAULT 0;
