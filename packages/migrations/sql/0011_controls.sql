-- Controls: who switched what, when and why; what is paused, and by whom; and the log of who changed what.
-- compatibility: safe

-- By switch: who flipped it last, when, why, and to what. A switch that stands otherwise was flipped by hand.
ALTER TABLE "ExternalDbSyncMetadata" ADD COLUMN "switchChanges" jsonb NOT NULL DEFAULT '{}';

-- What is paused, by which side. Neither side can end the pause of the other. No foreign key to "ExternalDatabase": what an
-- operator has paused stays so when its owner removes it and sets it anew.
CREATE TABLE "SyncPause" (
  "tenancyId"          uuid NOT NULL REFERENCES "Tenancy" ("id") ON DELETE CASCADE,
  -- '*': all of the tenancy. No id can be that.
  "externalDatabaseId" text NOT NULL,
  "pausedBy"           text NOT NULL CHECK ("pausedBy" IN ('operator', 'owner')),
  "actor"              jsonb NOT NULL,
  "reason"             text,
  "since"              timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenancyId", "externalDatabaseId", "pausedBy")
);

-- "ExternalDatabase"."paused" is what all of them come to, and all that the pipeline looks at: a pause costs it nothing. Whoever
-- writes to it, an older server included, cannot end a pause that is kept here. The owner's own pause of one database is what
-- they write: here it only has who, when and why.
CREATE FUNCTION "is_paused_beside_config"("tenancy_id" uuid, "external_database_id" text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM "SyncPause" p
    WHERE p."tenancyId" = "tenancy_id"
      AND (p."externalDatabaseId" = '*' OR (p."externalDatabaseId" = "external_database_id" AND p."pausedBy" = 'operator')))
$$;

CREATE FUNCTION "keep_paused"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."paused" := "is_paused_beside_config"(NEW."tenancyId", NEW."id");
  RETURN NEW;
END $$;
CREATE TRIGGER "ExternalDatabase_keep_paused" BEFORE INSERT OR UPDATE OF "paused" ON "ExternalDatabase"
  FOR EACH ROW WHEN (NOT NEW."paused") EXECUTE FUNCTION "keep_paused"();

-- When somebody asked to have the parked rows of a mapping tried again at once. The target has their times, and is told by
-- the next sync of this external database alone.
ALTER TABLE "ExternalDatabaseMappingState" ADD COLUMN "parkedRetryAskedAt" timestamptz;

-- Who changed what. Written in the transaction of the change. Without foreign keys: it outlives what it is about.
CREATE TABLE "AuditEvent" (
  "id"                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- Not of the transaction's beginning: events of one transaction have an order.
  "at"                 timestamptz NOT NULL DEFAULT clock_timestamp(),
  "action"             text NOT NULL,
  -- NULL: the whole installation.
  "projectId"          text,
  "externalDatabaseId" text,
  "mapping"            text,
  -- {kind, keySetId, keyHint, origin}
  "actor"              jsonb NOT NULL,
  -- Never a secret.
  "before"             jsonb,
  "after"              jsonb,
  "reason"             text,
  "result"             text NOT NULL CHECK ("result" IN ('done', 'queued', 'failed')),
  "requestId"          text
);
CREATE INDEX "AuditEvent_at_idx" ON "AuditEvent" ("at", "id");
CREATE INDEX "AuditEvent_project_idx" ON "AuditEvent" ("projectId", "at", "id");
