-- The sync pipeline's own tables: numbers, tombstones, the queue, external databases and their state.
-- compatibility: safe

-- Numbers changed rows across all tracked tables. Handed out only by backfill_null_sequence_ids().
CREATE SEQUENCE "global_seq_id" AS bigint;

-- 2: a sequencer asks to be woken by the next commit. 1: nobody asks, or a writer has answered. A sequence instead of a
-- table because reading it in a trigger's WHEN costs no snapshot, no row lock and no plpgsql call, and because an answer
-- counts at once: a NOTIFY in every writing transaction would cost writers more than half their throughput.
CREATE SEQUENCE "sequencer_sleep_state" AS smallint MINVALUE 1 MAXVALUE 2;
SELECT setval('"sequencer_sleep_state"', 1);

-- The tombstone of a deleted row: its key, never its data.
CREATE TABLE "DeletedRow" (
  "id"                     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "tenancyId"              uuid NOT NULL,
  "tableName"              text NOT NULL,
  "primaryKey"             jsonb NOT NULL,
  "deletedAt"              timestamptz NOT NULL DEFAULT now(),
  "sequenceId"             bigint,
  "shouldUpdateSequenceId" boolean NOT NULL DEFAULT true
);
CREATE INDEX "DeletedRow_sequenceId_idx" ON "DeletedRow" ("tenancyId", "tableName", "sequenceId")
  WHERE "sequenceId" IS NOT NULL;
CREATE INDEX "DeletedRow_flagged_idx" ON "DeletedRow" ("tenancyId") WHERE "shouldUpdateSequenceId";

-- How far tombstones of a tenancy have been removed: a cursor behind this cannot be replayed, only copied anew.
CREATE TABLE "DeletedRowHorizon" (
  "tenancyId"     uuid NOT NULL REFERENCES "Tenancy" ("id") ON DELETE CASCADE,
  "tableName"     text NOT NULL,
  "prunedThrough" bigint NOT NULL,
  PRIMARY KEY ("tenancyId", "tableName")
);

-- The history of the numbering. A new epoch begins whenever numbers may have been lost or may come again: the server was
-- started anew, it crashed, or this is a restored copy. A restore ends an epoch earlier than the copies remember it,
-- which is how they notice.
CREATE TABLE "SequenceEpoch" (
  "ordinal"             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "id"                  uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  "startsAfter"         bigint NOT NULL,
  -- The last number of a committed pass. Unlike the sequence, which the WAL has up to 32 numbers ahead of their use, it
  -- is never restored to more than what the rows beside it have.
  "lastNumber"          bigint NOT NULL,
  -- What a restored copy does not share: a server started anew, another database, a sequence created again.
  "postmasterStartedAt" timestamptz NOT NULL,
  "databaseOid"         oid NOT NULL,
  "sequenceOid"         oid NOT NULL,
  "createdAt"           timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- The epoch whose numbers cannot have been lost. Unlogged, so that PostgreSQL empties it after a crash (which a server
-- survives without starting anew, but not the commits that were not yet on disk) and on a promoted standby.
CREATE UNLOGGED TABLE "SequenceEpochWitness" ("epochId" uuid PRIMARY KEY);

-- The fusebox: the operator's switches. One row.
CREATE TABLE "ExternalDbSyncMetadata" (
  "singleton"               boolean PRIMARY KEY DEFAULT true CHECK ("singleton"),
  "sequencerEnabled"        boolean NOT NULL DEFAULT true,
  "pollerEnabled"           boolean NOT NULL DEFAULT true,
  "outgoingRequestsEnabled" boolean NOT NULL DEFAULT true,
  "syncEngineEnabled"       boolean NOT NULL DEFAULT true,
  "changedBy"               text,
  "changeReason"            text,
  "changedAt"               timestamptz NOT NULL DEFAULT now()
);
INSERT INTO "ExternalDbSyncMetadata" DEFAULT VALUES;

-- A queued HTTP call. A sync is one kind of it: then the tenancy, not an URL, says where it goes.
CREATE TABLE "OutgoingRequest" (
  "id"                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  "kind"                   text NOT NULL DEFAULT 'http' CHECK ("kind" IN ('http', 'sync')),
  "tenancyId"              uuid,
  "externalDatabaseId"     text,
  "method"                 text NOT NULL DEFAULT 'POST',
  "url"                    text,
  "headers"                jsonb NOT NULL DEFAULT '{}',
  "body"                   text,
  "deduplicationKey"       text,
  "flowControlKey"         text,
  "flowControlParallelism" integer CHECK ("flowControlParallelism" > 0),
  "createdAt"              timestamptz NOT NULL DEFAULT now(),
  "updatedAt"              timestamptz NOT NULL DEFAULT now(),
  "notBefore"              timestamptz NOT NULL DEFAULT now(),
  "attempts"               integer NOT NULL DEFAULT 0,
  "maxAttempts"            integer,
  -- Claimed while "startedFulfillingAt" is set; a claim whose lease has run out may be taken over.
  "startedFulfillingAt"    timestamptz,
  "leaseExpiresAt"         timestamptz,
  "claimToken"             uuid,
  "lastErrorCode"          text,
  "lastErrorMessage"       text,
  -- Given up after "maxAttempts"; kept for the operator.
  "failedAt"               timestamptz,
  CHECK (("kind" = 'sync') = ("url" IS NULL)),
  CHECK ("kind" <> 'sync' OR "tenancyId" IS NOT NULL)
);
-- At most one waiting request a deduplication key; one more may be in flight meanwhile.
CREATE UNIQUE INDEX "OutgoingRequest_deduplicationKey_key" ON "OutgoingRequest" ("deduplicationKey")
  WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL;
CREATE INDEX "OutgoingRequest_due_idx" ON "OutgoingRequest" ("notBefore")
  WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL;
CREATE INDEX "OutgoingRequest_lease_idx" ON "OutgoingRequest" ("leaseExpiresAt")
  WHERE "startedFulfillingAt" IS NOT NULL AND "failedAt" IS NULL;
CREATE INDEX "OutgoingRequest_inFlight_idx" ON "OutgoingRequest" ("deduplicationKey")
  WHERE "startedFulfillingAt" IS NOT NULL AND "failedAt" IS NULL;
CREATE INDEX "OutgoingRequest_flowControl_idx" ON "OutgoingRequest" ("flowControlKey")
  WHERE "startedFulfillingAt" IS NOT NULL AND "failedAt" IS NULL AND "flowControlKey" IS NOT NULL;

-- One external database of a tenancy, as configured. The connection is encrypted by the server and opaque here.
CREATE TABLE "ExternalDatabase" (
  "tenancyId"            uuid NOT NULL REFERENCES "Tenancy" ("id") ON DELETE CASCADE,
  "id"                   text NOT NULL,
  "type"                 text NOT NULL DEFAULT 'postgres',
  "connectionCiphertext" bytea NOT NULL,
  "connectionKeyId"      text NOT NULL,
  -- Host, port, database and user: what may be shown.
  "connectionDisplay"    jsonb NOT NULL,
  "schemaName"           text NOT NULL DEFAULT 'hexclave',
  "deleteMode"           text NOT NULL DEFAULT 'hard' CHECK ("deleteMode" IN ('hard', 'soft')),
  "tables"               jsonb,
  "paused"               boolean NOT NULL DEFAULT false,
  -- Grows with every change of the configuration: sessions of an older generation are closed.
  "generation"           bigint NOT NULL DEFAULT 1,
  "createdAt"            timestamptz NOT NULL DEFAULT now(),
  "updatedAt"            timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenancyId", "id")
);

-- What became of the last attempts at one external database as a whole.
CREATE TABLE "ExternalDatabaseState" (
  "tenancyId"          uuid NOT NULL,
  "externalDatabaseId" text NOT NULL,
  "errorCode"          text,
  "errorSqlState"      text,
  "errorMessage"       text,
  "errorRemedy"        text,
  "failingSince"       timestamptz,
  "attempts"           integer NOT NULL DEFAULT 0,
  "nextAttemptAt"      timestamptz,
  "lastSucceededAt"    timestamptz,
  PRIMARY KEY ("tenancyId", "externalDatabaseId"),
  FOREIGN KEY ("tenancyId", "externalDatabaseId") REFERENCES "ExternalDatabase" ("tenancyId", "id") ON DELETE CASCADE
) WITH (fillfactor = 50);

-- The same for each mapping of it, with a mirror of the cursor that the target itself keeps.
CREATE TABLE "ExternalDatabaseMappingState" (
  "tenancyId"          uuid NOT NULL,
  "externalDatabaseId" text NOT NULL,
  "mapping"            text NOT NULL,
  "phase"              text NOT NULL DEFAULT 'copy' CHECK ("phase" IN ('copy', 'stream')),
  "appliedSequenceId"  bigint NOT NULL DEFAULT 0,
  "rowsApplied"        bigint NOT NULL DEFAULT 0,
  "parkedRows"         bigint NOT NULL DEFAULT 0,
  "lastAppliedAt"      timestamptz,
  "errorCode"          text,
  "errorSqlState"      text,
  "errorMessage"       text,
  "errorRemedy"        text,
  "failingSince"       timestamptz,
  "attempts"           integer NOT NULL DEFAULT 0,
  "nextAttemptAt"      timestamptz,
  "updatedAt"          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenancyId", "externalDatabaseId", "mapping"),
  FOREIGN KEY ("tenancyId", "externalDatabaseId") REFERENCES "ExternalDatabase" ("tenancyId", "id") ON DELETE CASCADE
) WITH (fillfactor = 50);

-- Queues a sync of each tenancy. DO UPDATE, not DO NOTHING: it locks a waiting request until this transaction ends, so
-- that nobody can claim and finish it before the change that asks for it is visible.
CREATE FUNCTION "enqueue_tenant_sync"("tenancy_ids" uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  queued integer;
BEGIN
  INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "deduplicationKey")
  SELECT 'sync', t.id, 'sync:' || t.id
  FROM (SELECT DISTINCT unnest("tenancy_ids") AS id) t
  WHERE EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = t.id)
  ORDER BY t.id
  ON CONFLICT ("deduplicationKey") WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL
  DO UPDATE SET "updatedAt" = now();
  GET DIAGNOSTICS queued = ROW_COUNT;
  RETURN queued;
END $$;

-- The same for one, on demand: pollers are told, where a sequencer tells its own.
CREATE FUNCTION "enqueue_tenant_sync"("tenancy_id" uuid) RETURNS integer LANGUAGE sql AS $$
  SELECT pg_notify('hexclave_outgoing_request', '');
  SELECT "enqueue_tenant_sync"(ARRAY["tenancy_id"])
$$;

-- Whether the latest epoch is still the present one.
CREATE VIEW "SequenceEpochIsCurrent" AS
  SELECT EXISTS (
    SELECT 1 FROM (SELECT * FROM "SequenceEpoch" e ORDER BY e."ordinal" DESC LIMIT 1) latest
    WHERE latest."postmasterStartedAt" = pg_postmaster_start_time()
      AND latest."databaseOid" = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
      AND latest."sequenceOid" = '"global_seq_id"'::regclass
      AND latest."lastNumber" <= COALESCE(pg_sequence_last_value('"global_seq_id"'::regclass), 0)
      AND EXISTS (SELECT 1 FROM "SequenceEpochWitness" w WHERE w."epochId" = latest."id")
  ) AS "isCurrent";

-- Called under the sequencer's lock. Every copy is asked to compare itself with the history when an epoch begins. Claims
-- of syncs are void then: a crash may have lost that one was done, and its tenancy would wait until the lease runs out.
CREATE FUNCTION "begin_sequence_epoch"() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  latest "SequenceEpoch";
  drawn bigint := COALESCE(pg_sequence_last_value('"global_seq_id"'::regclass), 0);
BEGIN
  SELECT * INTO latest FROM "SequenceEpoch" e ORDER BY e."ordinal" DESC LIMIT 1;
  IF drawn < latest."lastNumber" THEN
    PERFORM setval('"global_seq_id"', latest."lastNumber"); -- somebody set it back: no number is drawn twice
  END IF;
  DELETE FROM "SequenceEpochWitness";
  WITH begun AS (
    INSERT INTO "SequenceEpoch" ("startsAfter", "lastNumber", "postmasterStartedAt", "databaseOid", "sequenceOid")
    SELECT LEAST(COALESCE(latest."lastNumber", 0), drawn), COALESCE(latest."lastNumber", 0),
      pg_postmaster_start_time(), (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()),
      '"global_seq_id"'::regclass
    RETURNING "id"
  )
  INSERT INTO "SequenceEpochWitness" SELECT b."id" FROM begun b;
  UPDATE "OutgoingRequest" r SET "leaseExpiresAt" = now()
  WHERE r."kind" = 'sync' AND r."startedFulfillingAt" IS NOT NULL AND r."failedAt" IS NULL;
  PERFORM "enqueue_tenant_sync"(array_agg(DISTINCT d."tenancyId")) FROM "ExternalDatabase" d HAVING count(*) > 0;
END $$;

-- Answers a sequencer that asks to be woken: our commit will, and nobody else's needs to. Should this transaction take
-- long or be rolled back, the sequencer looks by itself within a second.
CREATE FUNCTION "wake_sequencer_at_commit"() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM setval('"sequencer_sleep_state"', 1);
  PERFORM pg_notify('hexclave_sequencer', '');
END $$;

CREATE FUNCTION "wake_sequencer"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM "wake_sequencer_at_commit"();
  RETURN NULL;
END $$;

-- Marks a row changed. BEFORE INSERT and BEFORE UPDATE, when something that a mapping reads is different.
CREATE FUNCTION "reset_sequence_id_on_update"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."shouldUpdateSequenceId" := true;
  -- A row restored from elsewhere brings a number that means nothing here, and could lie beyond all that are read.
  IF TG_OP = 'INSERT' THEN
    NEW."sequenceId" := NULL;
  ELSE
    NEW."sequenceId" := OLD."sequenceId";
  END IF;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NEW;
END $$;
