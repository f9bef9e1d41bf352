-- Verification of external databases: runs that somebody asked for, the one that goes on by itself, and new copies on demand.
-- compatibility: safe

-- How often an owner asked for a new copy of each mapping. Part of the declaration that a target's tables are compared with.
ALTER TABLE "ExternalDatabase" ADD COLUMN "resyncs" jsonb NOT NULL DEFAULT '{}';

-- What the last whole pass of the verification said. Written by it alone: a batch that succeeds says nothing about it.
ALTER TABLE "ExternalDatabaseMappingState"
  ADD COLUMN "verifiedThrough"          timestamptz,
  ADD COLUMN "differingRows"            bigint NOT NULL DEFAULT 0,
  ADD COLUMN "repairedRows"             bigint NOT NULL DEFAULT 0,
  ADD COLUMN "differingSince"           timestamptz,
  ADD COLUMN "verificationErrorCode"    text,
  ADD COLUMN "verificationErrorMessage" text,
  ADD COLUMN "verificationErrorRemedy"  text;

-- When the last whole pass over all tables began that left no difference.
ALTER TABLE "ExternalDatabaseState" ADD COLUMN "verifiedThrough" timestamptz;

-- A run that somebody asked for. What it has done so far is all here, so that another process can go on with it.
CREATE TABLE "VerificationRun" (
  "id"                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  "tenancyId"          uuid NOT NULL,
  "externalDatabaseId" text NOT NULL,
  -- NULL: all that are enabled.
  "mapping"            text,
  "repair"             boolean NOT NULL,
  -- The key set that asked.
  "requestedBy"        text,
  "state"              text NOT NULL DEFAULT 'queued' CHECK ("state" IN ('queued', 'running', 'finished', 'failed')),
  -- Where it is: {mapping, after, rows}; `rows` is how many the next range has.
  "progress"           jsonb,
  -- What was found in each mapping.
  "result"             jsonb NOT NULL DEFAULT '[]',
  -- The first differences: mapping, kind, key and outcome, never values.
  "differences"        jsonb NOT NULL DEFAULT '[]',
  "rowsExpected"       bigint NOT NULL DEFAULT 0,
  "errorCode"          text,
  "errorSqlState"      text,
  "errorMessage"       text,
  "errorRemedy"        text,
  "createdAt"          timestamptz NOT NULL DEFAULT now(),
  "startedAt"          timestamptz,
  "finishedAt"         timestamptz,
  -- How often a process took it up: more than once when one was killed or made room for others.
  "turns"              integer NOT NULL DEFAULT 0,
  "claimToken"         uuid,
  "leaseExpiresAt"     timestamptz,
  FOREIGN KEY ("tenancyId", "externalDatabaseId") REFERENCES "ExternalDatabase" ("tenancyId", "id") ON DELETE CASCADE
);
-- At most one at a time on an external database.
CREATE UNIQUE INDEX "VerificationRun_active_key" ON "VerificationRun" ("tenancyId", "externalDatabaseId")
  WHERE "state" IN ('queued', 'running');
CREATE INDEX "VerificationRun_database_idx" ON "VerificationRun" ("tenancyId", "externalDatabaseId", "createdAt");

-- Where the verification that goes on by itself is in one external database.
CREATE TABLE "ExternalDatabaseVerification" (
  "tenancyId"          uuid NOT NULL,
  "externalDatabaseId" text NOT NULL,
  "nextTurnAt"         timestamptz NOT NULL DEFAULT now(),
  "progress"           jsonb,
  "result"             jsonb NOT NULL DEFAULT '[]',
  "claimToken"         uuid,
  "leaseExpiresAt"     timestamptz,
  PRIMARY KEY ("tenancyId", "externalDatabaseId"),
  FOREIGN KEY ("tenancyId", "externalDatabaseId") REFERENCES "ExternalDatabase" ("tenancyId", "id") ON DELETE CASCADE
) WITH (fillfactor = 50);
