-- What needs attention is found without looking at what does not. None of these columns changes while all is well, so
-- that updates of healthy rows stay as cheap as they were.
-- compatibility: safe
-- transaction: none

CREATE INDEX CONCURRENTLY "ExternalDatabaseState_failing_idx" ON "ExternalDatabaseState" ("tenancyId")
  WHERE "errorCode" IS NOT NULL;

CREATE INDEX CONCURRENTLY "ExternalDatabaseMappingState_attention_idx" ON "ExternalDatabaseMappingState" ("tenancyId")
  WHERE "errorCode" IS NOT NULL OR "parkedRows" > 0 OR "phase" = 'copy';

CREATE INDEX CONCURRENTLY "ExternalDatabase_paused_idx" ON "ExternalDatabase" ("tenancyId") WHERE "paused";

CREATE INDEX CONCURRENTLY "OutgoingRequest_failed_idx" ON "OutgoingRequest" ("failedAt") WHERE "failedAt" IS NOT NULL;

CREATE INDEX CONCURRENTLY "Project_name_idx" ON "Project" (lower("displayName"), "id");
