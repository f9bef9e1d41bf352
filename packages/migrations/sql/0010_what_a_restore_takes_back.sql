-- What a restore takes back. A number says which changes a copy has, but not how new the values were that came with them: a
-- row that was changed again after it was numbered travels as it is then, under its old number. So a copy also remembers
-- how far the write-ahead log had come when its rows were read, and an epoch how much of it there was at its beginning.
-- compatibility: safe

ALTER TABLE "SequenceEpoch"
  -- Everything in the log up to here is in this database. NULL: not known, so nothing from before can be relied on.
  ADD COLUMN "keptThrough" pg_lsn,
  -- Places in the logs of two installations cannot be compared.
  ADD COLUMN "systemIdentifier" bigint;

CREATE FUNCTION "installation_of_server"() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT s.system_identifier FROM pg_control_system() s);
EXCEPTION WHEN insufficient_privilege OR feature_not_supported THEN
  RETURN NULL;
END $$;

-- Copies of before do not remember any place, and are judged by their numbers alone, as ever.
UPDATE "SequenceEpoch" SET "systemIdentifier" = "installation_of_server"();

-- How much of the log of before this database has, at the beginning of an epoch after "latest".
CREATE FUNCTION "log_kept_since"("latest" "SequenceEpoch") RETURNS pg_lsn LANGUAGE plpgsql AS $$
DECLARE
  stopped record;
BEGIN
  -- A dump that was restored, or a copy of the database: its log is another one, or it is not known from where it was taken.
  IF "latest"."systemIdentifier" IS DISTINCT FROM "installation_of_server"()
    OR "latest"."databaseOid" <> (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
    OR "latest"."sequenceOid" <> '"global_seq_id"'::regclass THEN
    RETURN NULL;
  END IF;
  -- Only the sequence was set back.
  IF "latest"."postmasterStartedAt" = pg_postmaster_start_time()
    AND EXISTS (SELECT 1 FROM "SequenceEpochWitness" w WHERE w."epochId" = "latest"."id") THEN
    RETURN pg_current_wal_insert_lsn();
  END IF;
  -- After a crash, a restore or a promotion: where the recovery ended.
  IF pg_last_wal_replay_lsn() IS NOT NULL THEN
    RETURN pg_last_wal_replay_lsn();
  END IF;
  -- Started from where it was stopped in good order: at a checkpoint, unless there has been another one since.
  SELECT c.checkpoint_lsn, c.redo_lsn, c.checkpoint_time INTO stopped FROM pg_control_checkpoint() c;
  IF stopped.redo_lsn = stopped.checkpoint_lsn AND stopped.checkpoint_time <= pg_postmaster_start_time() THEN
    RETURN stopped.checkpoint_lsn;
  END IF;
  RETURN NULL;
EXCEPTION WHEN insufficient_privilege OR feature_not_supported THEN
  RETURN NULL; -- a provider that does not tell
END $$;

-- Called under the sequencer's lock. Every copy is asked to compare itself with the history when an epoch begins. Claims
-- of syncs are void then: a crash may have lost that one was done, and its tenancy would wait until the lease runs out.
CREATE OR REPLACE FUNCTION "begin_sequence_epoch"() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  latest "SequenceEpoch";
  kept pg_lsn;
  drawn bigint := COALESCE(pg_sequence_last_value('"global_seq_id"'::regclass), 0);
BEGIN
  SELECT * INTO latest FROM "SequenceEpoch" e ORDER BY e."ordinal" DESC LIMIT 1;
  kept := "log_kept_since"(latest);
  IF drawn < latest."lastNumber" THEN
    PERFORM setval('"global_seq_id"', latest."lastNumber"); -- somebody set it back: no number is drawn twice
  END IF;
  DELETE FROM "SequenceEpochWitness";
  WITH begun AS (
    INSERT INTO "SequenceEpoch" ("startsAfter", "lastNumber", "postmasterStartedAt", "databaseOid", "sequenceOid",
      "keptThrough", "systemIdentifier")
    SELECT LEAST(COALESCE(latest."lastNumber", 0), drawn), COALESCE(latest."lastNumber", 0),
      pg_postmaster_start_time(), (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()),
      '"global_seq_id"'::regclass, kept, "installation_of_server"()
    RETURNING "id"
  )
  INSERT INTO "SequenceEpochWitness" SELECT b."id" FROM begun b;
  UPDATE "OutgoingRequest" r SET "leaseExpiresAt" = now()
  WHERE r."kind" = 'sync' AND r."startedFulfillingAt" IS NOT NULL AND r."failedAt" IS NULL;
  PERFORM "enqueue_tenant_sync"(array_agg(DISTINCT d."tenancyId")) FROM "ExternalDatabase" d HAVING count(*) > 0;
END $$;
