-- Capture: functions and triggers, and the numbering.
-- Generated from the mappings in packages/sync by `npm run generate:capture`; do not edit.
-- compatibility: safe

CREATE OR REPLACE TRIGGER "ProjectUser_reset_sequence_id_insert" BEFORE INSERT ON "ProjectUser" FOR EACH ROW
  WHEN (NEW."sequenceId" IS NOT NULL OR NOT NEW."shouldUpdateSequenceId")
  EXECUTE FUNCTION "reset_sequence_id_on_update"();

CREATE OR REPLACE TRIGGER "ProjectUser_reset_sequence_id_update" BEFORE UPDATE ON "ProjectUser" FOR EACH ROW
  WHEN (record_image_ne(ROW(OLD."clientMetadata", OLD."clientReadOnlyMetadata", OLD."displayName", OLD."isAnonymous", OLD."profileImageUrl", OLD."projectUserId", OLD."serverMetadata", OLD."signedUpAt", OLD."tenancyId"), ROW(NEW."clientMetadata", NEW."clientReadOnlyMetadata", NEW."displayName", NEW."isAnonymous", NEW."profileImageUrl", NEW."projectUserId", NEW."serverMetadata", NEW."signedUpAt", NEW."tenancyId")))
  EXECUTE FUNCTION "reset_sequence_id_on_update"();

CREATE OR REPLACE TRIGGER "ProjectUser_wake_sequencer" AFTER INSERT ON "ProjectUser" FOR EACH STATEMENT
  WHEN (pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2)
  EXECUTE FUNCTION "wake_sequencer"();

CREATE OR REPLACE FUNCTION "log_deleted_row_ProjectUser"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey")
  SELECT o."tenancyId", 'ProjectUser', jsonb_build_object('projectUserId', o."projectUserId"::text) FROM old_rows o;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "log_truncated_rows_ProjectUser"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey")
  SELECT o."tenancyId", 'ProjectUser', jsonb_build_object('projectUserId', o."projectUserId"::text) FROM "ProjectUser" o;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "log_renamed_row_ProjectUser"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey") VALUES (OLD."tenancyId", 'ProjectUser', jsonb_build_object('projectUserId', OLD."projectUserId"::text));
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER "ProjectUser_log_deleted_row" AFTER DELETE ON "ProjectUser" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT
  EXECUTE FUNCTION "log_deleted_row_ProjectUser"();

CREATE OR REPLACE TRIGGER "ProjectUser_log_truncated_rows" BEFORE TRUNCATE ON "ProjectUser" FOR EACH STATEMENT
  EXECUTE FUNCTION "log_truncated_rows_ProjectUser"();

CREATE OR REPLACE TRIGGER "ProjectUser_log_renamed_row" AFTER UPDATE ON "ProjectUser" FOR EACH ROW
  WHEN (record_image_ne(ROW(OLD."tenancyId", OLD."projectUserId"), ROW(NEW."tenancyId", NEW."projectUserId")))
  EXECUTE FUNCTION "log_renamed_row_ProjectUser"();

CREATE OR REPLACE TRIGGER "ContactChannel_reset_sequence_id_insert" BEFORE INSERT ON "ContactChannel" FOR EACH ROW
  WHEN (NEW."sequenceId" IS NOT NULL OR NOT NEW."shouldUpdateSequenceId")
  EXECUTE FUNCTION "reset_sequence_id_on_update"();

CREATE OR REPLACE TRIGGER "ContactChannel_reset_sequence_id_update" BEFORE UPDATE ON "ContactChannel" FOR EACH ROW
  WHEN (record_image_ne(ROW(OLD."createdAt", OLD."id", OLD."isPrimary", OLD."isVerified", OLD."projectUserId", OLD."tenancyId", OLD."type", OLD."usedForAuth", OLD."value"), ROW(NEW."createdAt", NEW."id", NEW."isPrimary", NEW."isVerified", NEW."projectUserId", NEW."tenancyId", NEW."type", NEW."usedForAuth", NEW."value")))
  EXECUTE FUNCTION "reset_sequence_id_on_update"();

CREATE OR REPLACE TRIGGER "ContactChannel_wake_sequencer" AFTER INSERT ON "ContactChannel" FOR EACH STATEMENT
  WHEN (pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2)
  EXECUTE FUNCTION "wake_sequencer"();

CREATE OR REPLACE FUNCTION "log_deleted_row_ContactChannel"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey")
  SELECT o."tenancyId", 'ContactChannel', jsonb_build_object('id', o."id"::text) FROM old_rows o;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "log_truncated_rows_ContactChannel"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey")
  SELECT o."tenancyId", 'ContactChannel', jsonb_build_object('id', o."id"::text) FROM "ContactChannel" o;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "log_renamed_row_ContactChannel"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey") VALUES (OLD."tenancyId", 'ContactChannel', jsonb_build_object('id', OLD."id"::text));
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER "ContactChannel_log_deleted_row" AFTER DELETE ON "ContactChannel" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT
  EXECUTE FUNCTION "log_deleted_row_ContactChannel"();

CREATE OR REPLACE TRIGGER "ContactChannel_log_truncated_rows" BEFORE TRUNCATE ON "ContactChannel" FOR EACH STATEMENT
  EXECUTE FUNCTION "log_truncated_rows_ContactChannel"();

CREATE OR REPLACE TRIGGER "ContactChannel_log_renamed_row" AFTER UPDATE ON "ContactChannel" FOR EACH ROW
  WHEN (record_image_ne(ROW(OLD."tenancyId", OLD."id"), ROW(NEW."tenancyId", NEW."id")))
  EXECUTE FUNCTION "log_renamed_row_ContactChannel"();

CREATE OR REPLACE TRIGGER "Team_reset_sequence_id_insert" BEFORE INSERT ON "Team" FOR EACH ROW
  WHEN (NEW."sequenceId" IS NOT NULL OR NOT NEW."shouldUpdateSequenceId")
  EXECUTE FUNCTION "reset_sequence_id_on_update"();

CREATE OR REPLACE TRIGGER "Team_reset_sequence_id_update" BEFORE UPDATE ON "Team" FOR EACH ROW
  WHEN (record_image_ne(ROW(OLD."clientMetadata", OLD."clientReadOnlyMetadata", OLD."createdAt", OLD."displayName", OLD."profileImageUrl", OLD."serverMetadata", OLD."teamId", OLD."tenancyId"), ROW(NEW."clientMetadata", NEW."clientReadOnlyMetadata", NEW."createdAt", NEW."displayName", NEW."profileImageUrl", NEW."serverMetadata", NEW."teamId", NEW."tenancyId")))
  EXECUTE FUNCTION "reset_sequence_id_on_update"();

CREATE OR REPLACE TRIGGER "Team_wake_sequencer" AFTER INSERT ON "Team" FOR EACH STATEMENT
  WHEN (pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2)
  EXECUTE FUNCTION "wake_sequencer"();

CREATE OR REPLACE FUNCTION "log_deleted_row_Team"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey")
  SELECT o."tenancyId", 'Team', jsonb_build_object('teamId', o."teamId"::text) FROM old_rows o;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "log_truncated_rows_Team"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey")
  SELECT o."tenancyId", 'Team', jsonb_build_object('teamId', o."teamId"::text) FROM "Team" o;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "log_renamed_row_Team"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey") VALUES (OLD."tenancyId", 'Team', jsonb_build_object('teamId', OLD."teamId"::text));
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER "Team_log_deleted_row" AFTER DELETE ON "Team" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT
  EXECUTE FUNCTION "log_deleted_row_Team"();

CREATE OR REPLACE TRIGGER "Team_log_truncated_rows" BEFORE TRUNCATE ON "Team" FOR EACH STATEMENT
  EXECUTE FUNCTION "log_truncated_rows_Team"();

CREATE OR REPLACE TRIGGER "Team_log_renamed_row" AFTER UPDATE ON "Team" FOR EACH ROW
  WHEN (record_image_ne(ROW(OLD."tenancyId", OLD."teamId"), ROW(NEW."tenancyId", NEW."teamId")))
  EXECUTE FUNCTION "log_renamed_row_Team"();

CREATE OR REPLACE TRIGGER "TeamMember_reset_sequence_id_insert" BEFORE INSERT ON "TeamMember" FOR EACH ROW
  WHEN (NEW."sequenceId" IS NOT NULL OR NOT NEW."shouldUpdateSequenceId")
  EXECUTE FUNCTION "reset_sequence_id_on_update"();

CREATE OR REPLACE TRIGGER "TeamMember_reset_sequence_id_update" BEFORE UPDATE ON "TeamMember" FOR EACH ROW
  WHEN (record_image_ne(ROW(OLD."createdAt", OLD."displayName", OLD."profileImageUrl", OLD."projectUserId", OLD."teamId", OLD."tenancyId"), ROW(NEW."createdAt", NEW."displayName", NEW."profileImageUrl", NEW."projectUserId", NEW."teamId", NEW."tenancyId")))
  EXECUTE FUNCTION "reset_sequence_id_on_update"();

CREATE OR REPLACE TRIGGER "TeamMember_wake_sequencer" AFTER INSERT ON "TeamMember" FOR EACH STATEMENT
  WHEN (pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2)
  EXECUTE FUNCTION "wake_sequencer"();

CREATE OR REPLACE FUNCTION "log_deleted_row_TeamMember"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey")
  SELECT o."tenancyId", 'TeamMember', jsonb_build_object('teamId', o."teamId"::text, 'projectUserId', o."projectUserId"::text) FROM old_rows o;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "log_truncated_rows_TeamMember"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey")
  SELECT o."tenancyId", 'TeamMember', jsonb_build_object('teamId', o."teamId"::text, 'projectUserId', o."projectUserId"::text) FROM "TeamMember" o;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "log_renamed_row_TeamMember"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "DeletedRow" ("tenancyId", "tableName", "primaryKey") VALUES (OLD."tenancyId", 'TeamMember', jsonb_build_object('teamId', OLD."teamId"::text, 'projectUserId', OLD."projectUserId"::text));
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER "TeamMember_log_deleted_row" AFTER DELETE ON "TeamMember" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT
  EXECUTE FUNCTION "log_deleted_row_TeamMember"();

CREATE OR REPLACE TRIGGER "TeamMember_log_truncated_rows" BEFORE TRUNCATE ON "TeamMember" FOR EACH STATEMENT
  EXECUTE FUNCTION "log_truncated_rows_TeamMember"();

CREATE OR REPLACE TRIGGER "TeamMember_log_renamed_row" AFTER UPDATE ON "TeamMember" FOR EACH ROW
  WHEN (record_image_ne(ROW(OLD."tenancyId", OLD."teamId", OLD."projectUserId"), ROW(NEW."tenancyId", NEW."teamId", NEW."projectUserId")))
  EXECUTE FUNCTION "log_renamed_row_TeamMember"();

CREATE OR REPLACE FUNCTION "flag_users_by_primaryEmail"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    UPDATE "ProjectUser" t SET "shouldUpdateSequenceId" = true FROM (SELECT OLD.*) l
    WHERE t."tenancyId" = l."tenancyId" AND t."projectUserId" = l."projectUserId" AND (l."type" = 'email' AND l."isPrimary")
      AND NOT (t."shouldUpdateSequenceId" AND t.xmin = pg_current_xact_id()::xid);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    UPDATE "ProjectUser" t SET "shouldUpdateSequenceId" = true FROM (SELECT NEW.*) l
    WHERE t."tenancyId" = l."tenancyId" AND t."projectUserId" = l."projectUserId" AND (l."type" = 'email' AND l."isPrimary")
      AND NOT (t."shouldUpdateSequenceId" AND t.xmin = pg_current_xact_id()::xid);
  END IF;
  IF pg_sequence_last_value('"sequencer_sleep_state"'::regclass) = 2 THEN
    PERFORM "wake_sequencer_at_commit"();
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "flag_users_by_primaryEmail_truncate"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "ProjectUser" t SET "shouldUpdateSequenceId" = true FROM (SELECT * FROM "ContactChannel") l
    WHERE t."tenancyId" = l."tenancyId" AND t."projectUserId" = l."projectUserId" AND (l."type" = 'email' AND l."isPrimary")
      AND NOT (t."shouldUpdateSequenceId" AND t.xmin = pg_current_xact_id()::xid);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER "ContactChannel_flag_users_by_primaryEmail_insert" AFTER INSERT ON "ContactChannel" FOR EACH ROW
  WHEN ((NEW."type" = 'email' AND NEW."isPrimary"))
  EXECUTE FUNCTION "flag_users_by_primaryEmail"();

CREATE OR REPLACE TRIGGER "ContactChannel_flag_users_by_primaryEmail_delete" AFTER DELETE ON "ContactChannel" FOR EACH ROW
  WHEN ((OLD."type" = 'email' AND OLD."isPrimary"))
  EXECUTE FUNCTION "flag_users_by_primaryEmail"();

CREATE OR REPLACE TRIGGER "ContactChannel_flag_users_by_primaryEmail_update" AFTER UPDATE ON "ContactChannel" FOR EACH ROW
  WHEN (((OLD."type" = 'email' AND OLD."isPrimary") OR (NEW."type" = 'email' AND NEW."isPrimary")) AND record_image_ne(ROW(OLD."isPrimary", OLD."isVerified", OLD."projectUserId", OLD."tenancyId", OLD."type", OLD."value"), ROW(NEW."isPrimary", NEW."isVerified", NEW."projectUserId", NEW."tenancyId", NEW."type", NEW."value")))
  EXECUTE FUNCTION "flag_users_by_primaryEmail"();

CREATE OR REPLACE TRIGGER "ContactChannel_flag_users_by_primaryEmail_truncate" BEFORE TRUNCATE ON "ContactChannel" FOR EACH STATEMENT
  EXECUTE FUNCTION "flag_users_by_primaryEmail_truncate"();

CREATE OR REPLACE FUNCTION "backfill_null_sequence_ids"("batch_size" integer DEFAULT 1000, "start_after" uuid DEFAULT NULL,
  "ask_wake" boolean DEFAULT false, "room" integer DEFAULT 0, "lease_ms" integer DEFAULT 0)
RETURNS TABLE ("numbered" bigint, "last_tenancy" uuid, "more" boolean, "claimed" jsonb, "unclaimed" boolean) LANGUAGE plpgsql
-- Statistics say little about flags that come and go by the second: only the walk over the partial index is right, always.
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  fuse boolean;
  in_epoch boolean;
  flagged boolean[];
  tenancies uuid[];
  picked tid[];
  touched uuid[] := '{}';
  share bigint;
BEGIN
  numbered := 0;
  more := false;
  claimed := '[]';
  unclaimed := false;
  PERFORM pg_advisory_xact_lock(1352394229226);
  SELECT m."sequencerEnabled", e."isCurrent" INTO fuse, in_epoch FROM "ExternalDbSyncMetadata" m, "SequenceEpochIsCurrent" e;
  IF NOT fuse THEN
    RETURN NEXT;
    RETURN;
  END IF;
  IF NOT in_epoch THEN
    PERFORM "begin_sequence_epoch"();
  END IF;
  -- Before looking: who writes after this wakes us, and what was written before is found, or committed a moment later.
  IF ask_wake AND pg_sequence_last_value('"sequencer_sleep_state"'::regclass) <> 2 THEN
    PERFORM setval('"sequencer_sleep_state"', 2);
  END IF;
  flagged := (SELECT ARRAY[EXISTS (SELECT 1 FROM "ProjectUser" t WHERE t."shouldUpdateSequenceId"), EXISTS (SELECT 1 FROM "ContactChannel" t WHERE t."shouldUpdateSequenceId"), EXISTS (SELECT 1 FROM "Team" t WHERE t."shouldUpdateSequenceId"), EXISTS (SELECT 1 FROM "TeamMember" t WHERE t."shouldUpdateSequenceId"), EXISTS (SELECT 1 FROM "DeletedRow" t WHERE t."shouldUpdateSequenceId")]);

  IF flagged[1] THEN
    tenancies := ARRAY(
      WITH RECURSIVE walk (tenancy) AS (
        (SELECT t."tenancyId" FROM "ProjectUser" t WHERE t."shouldUpdateSequenceId" AND (start_after IS NULL OR t."tenancyId" > start_after) ORDER BY t."tenancyId" LIMIT 1)
        UNION ALL
        SELECT (SELECT t."tenancyId" FROM "ProjectUser" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" > walk.tenancy ORDER BY t."tenancyId" LIMIT 1) FROM walk WHERE walk.tenancy IS NOT NULL
      ) SELECT w.tenancy FROM walk w WHERE w.tenancy IS NOT NULL LIMIT 64);
    IF cardinality(tenancies) > 0 THEN
      share := GREATEST(batch_size / cardinality(tenancies), 16);
      picked := ARRAY(SELECT r.ctid FROM unnest(tenancies) s (tenancy) CROSS JOIN LATERAL (
        SELECT t.ctid FROM "ProjectUser" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" = s.tenancy
        LIMIT share FOR NO KEY UPDATE SKIP LOCKED) r);
      WITH done AS (
        UPDATE "ProjectUser" t SET "sequenceId" = nextval('"global_seq_id"'), "shouldUpdateSequenceId" = false
        WHERE t.ctid = ANY (picked) RETURNING t."tenancyId" AS tenancy
      ) SELECT touched || COALESCE(array_agg(DISTINCT d.tenancy), '{}') INTO touched FROM done d;
      numbered := numbered + cardinality(picked);
      more := more OR cardinality(picked) >= share;
      IF cardinality(tenancies) = 64 THEN
        last_tenancy := LEAST(last_tenancy, tenancies[64]);
        more := true;
      END IF;
    END IF;
  END IF;

  IF flagged[2] THEN
    tenancies := ARRAY(
      WITH RECURSIVE walk (tenancy) AS (
        (SELECT t."tenancyId" FROM "ContactChannel" t WHERE t."shouldUpdateSequenceId" AND (start_after IS NULL OR t."tenancyId" > start_after) ORDER BY t."tenancyId" LIMIT 1)
        UNION ALL
        SELECT (SELECT t."tenancyId" FROM "ContactChannel" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" > walk.tenancy ORDER BY t."tenancyId" LIMIT 1) FROM walk WHERE walk.tenancy IS NOT NULL
      ) SELECT w.tenancy FROM walk w WHERE w.tenancy IS NOT NULL LIMIT 64);
    IF cardinality(tenancies) > 0 THEN
      share := GREATEST(batch_size / cardinality(tenancies), 16);
      picked := ARRAY(SELECT r.ctid FROM unnest(tenancies) s (tenancy) CROSS JOIN LATERAL (
        SELECT t.ctid FROM "ContactChannel" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" = s.tenancy
        LIMIT share FOR NO KEY UPDATE SKIP LOCKED) r);
      WITH done AS (
        UPDATE "ContactChannel" t SET "sequenceId" = nextval('"global_seq_id"'), "shouldUpdateSequenceId" = false
        WHERE t.ctid = ANY (picked) RETURNING t."tenancyId" AS tenancy
      ) SELECT touched || COALESCE(array_agg(DISTINCT d.tenancy), '{}') INTO touched FROM done d;
      numbered := numbered + cardinality(picked);
      more := more OR cardinality(picked) >= share;
      IF cardinality(tenancies) = 64 THEN
        last_tenancy := LEAST(last_tenancy, tenancies[64]);
        more := true;
      END IF;
    END IF;
  END IF;

  IF flagged[3] THEN
    tenancies := ARRAY(
      WITH RECURSIVE walk (tenancy) AS (
        (SELECT t."tenancyId" FROM "Team" t WHERE t."shouldUpdateSequenceId" AND (start_after IS NULL OR t."tenancyId" > start_after) ORDER BY t."tenancyId" LIMIT 1)
        UNION ALL
        SELECT (SELECT t."tenancyId" FROM "Team" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" > walk.tenancy ORDER BY t."tenancyId" LIMIT 1) FROM walk WHERE walk.tenancy IS NOT NULL
      ) SELECT w.tenancy FROM walk w WHERE w.tenancy IS NOT NULL LIMIT 64);
    IF cardinality(tenancies) > 0 THEN
      share := GREATEST(batch_size / cardinality(tenancies), 16);
      picked := ARRAY(SELECT r.ctid FROM unnest(tenancies) s (tenancy) CROSS JOIN LATERAL (
        SELECT t.ctid FROM "Team" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" = s.tenancy
        LIMIT share FOR NO KEY UPDATE SKIP LOCKED) r);
      WITH done AS (
        UPDATE "Team" t SET "sequenceId" = nextval('"global_seq_id"'), "shouldUpdateSequenceId" = false
        WHERE t.ctid = ANY (picked) RETURNING t."tenancyId" AS tenancy
      ) SELECT touched || COALESCE(array_agg(DISTINCT d.tenancy), '{}') INTO touched FROM done d;
      numbered := numbered + cardinality(picked);
      more := more OR cardinality(picked) >= share;
      IF cardinality(tenancies) = 64 THEN
        last_tenancy := LEAST(last_tenancy, tenancies[64]);
        more := true;
      END IF;
    END IF;
  END IF;

  IF flagged[4] THEN
    tenancies := ARRAY(
      WITH RECURSIVE walk (tenancy) AS (
        (SELECT t."tenancyId" FROM "TeamMember" t WHERE t."shouldUpdateSequenceId" AND (start_after IS NULL OR t."tenancyId" > start_after) ORDER BY t."tenancyId" LIMIT 1)
        UNION ALL
        SELECT (SELECT t."tenancyId" FROM "TeamMember" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" > walk.tenancy ORDER BY t."tenancyId" LIMIT 1) FROM walk WHERE walk.tenancy IS NOT NULL
      ) SELECT w.tenancy FROM walk w WHERE w.tenancy IS NOT NULL LIMIT 64);
    IF cardinality(tenancies) > 0 THEN
      share := GREATEST(batch_size / cardinality(tenancies), 16);
      picked := ARRAY(SELECT r.ctid FROM unnest(tenancies) s (tenancy) CROSS JOIN LATERAL (
        SELECT t.ctid FROM "TeamMember" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" = s.tenancy
        LIMIT share FOR NO KEY UPDATE SKIP LOCKED) r);
      WITH done AS (
        UPDATE "TeamMember" t SET "sequenceId" = nextval('"global_seq_id"'), "shouldUpdateSequenceId" = false
        WHERE t.ctid = ANY (picked) RETURNING t."tenancyId" AS tenancy
      ) SELECT touched || COALESCE(array_agg(DISTINCT d.tenancy), '{}') INTO touched FROM done d;
      numbered := numbered + cardinality(picked);
      more := more OR cardinality(picked) >= share;
      IF cardinality(tenancies) = 64 THEN
        last_tenancy := LEAST(last_tenancy, tenancies[64]);
        more := true;
      END IF;
    END IF;
  END IF;

  IF flagged[5] THEN
    tenancies := ARRAY(
      WITH RECURSIVE walk (tenancy) AS (
        (SELECT t."tenancyId" FROM "DeletedRow" t WHERE t."shouldUpdateSequenceId" AND (start_after IS NULL OR t."tenancyId" > start_after) ORDER BY t."tenancyId" LIMIT 1)
        UNION ALL
        SELECT (SELECT t."tenancyId" FROM "DeletedRow" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" > walk.tenancy ORDER BY t."tenancyId" LIMIT 1) FROM walk WHERE walk.tenancy IS NOT NULL
      ) SELECT w.tenancy FROM walk w WHERE w.tenancy IS NOT NULL LIMIT 64);
    IF cardinality(tenancies) > 0 THEN
      share := GREATEST(batch_size / cardinality(tenancies), 16);
      picked := ARRAY(SELECT r.ctid FROM unnest(tenancies) s (tenancy) CROSS JOIN LATERAL (
        SELECT t.ctid FROM "DeletedRow" t WHERE t."shouldUpdateSequenceId" AND t."tenancyId" = s.tenancy
        LIMIT share FOR NO KEY UPDATE SKIP LOCKED) r);
      WITH done AS (
        UPDATE "DeletedRow" t SET "sequenceId" = nextval('"global_seq_id"'), "shouldUpdateSequenceId" = false
        WHERE t.ctid = ANY (picked) RETURNING t."tenancyId" AS tenancy
      ) SELECT touched || COALESCE(array_agg(DISTINCT d.tenancy), '{}') INTO touched FROM done d;
      numbered := numbered + cardinality(picked);
      more := more OR cardinality(picked) >= share;
      IF cardinality(tenancies) = 64 THEN
        last_tenancy := LEAST(last_tenancy, tenancies[64]);
        more := true;
      END IF;
    END IF;
  END IF;

  IF numbered > 0 THEN
    UPDATE "SequenceEpoch" e SET "lastNumber" = currval('"global_seq_id"')
    WHERE e."ordinal" = (SELECT max(x."ordinal") FROM "SequenceEpoch" x);
    WITH begun AS (
      INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "deduplicationKey", "startedFulfillingAt", "leaseExpiresAt", "claimToken")
      SELECT 'sync', t.id, 'sync:' || t.id, now(), clock_timestamp() + lease_ms * interval '1 millisecond', gen_random_uuid()
      FROM (SELECT DISTINCT unnest(touched) AS id) t, "ExternalDbSyncMetadata" m
      WHERE m."pollerEnabled" AND m."outgoingRequestsEnabled" AND m."syncEngineEnabled"
        AND EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = t.id)
        AND NOT EXISTS (SELECT 1 FROM "OutgoingRequest" w
          WHERE w."deduplicationKey" = 'sync:' || t.id AND w."startedFulfillingAt" IS NULL AND w."failedAt" IS NULL)
        AND NOT EXISTS (SELECT 1 FROM "OutgoingRequest" u
          WHERE u."deduplicationKey" = 'sync:' || t.id AND u."startedFulfillingAt" IS NOT NULL AND u."failedAt" IS NULL)
      LIMIT room
      RETURNING "id", "tenancyId", "deduplicationKey", "claimToken"
    )
    SELECT COALESCE(jsonb_agg(to_jsonb(b)), '[]'), COALESCE(array_agg(b."tenancyId"), '{}') INTO claimed, tenancies FROM begun b;
    IF NOT tenancies @> touched THEN
      unclaimed := "enqueue_tenant_sync"(ARRAY(SELECT unnest(touched) EXCEPT SELECT unnest(tenancies))) > 0;
    END IF;
  END IF;
  RETURN NEXT;
END $$;
