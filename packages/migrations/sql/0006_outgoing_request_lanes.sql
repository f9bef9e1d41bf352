-- Lanes of the queue: what is troubled must not stand in the way of the rest. A lane of its own for each kind, and one
-- for everything that has failed before; requests under flow control are claimed on their own.
-- compatibility: safe
-- transaction: none

CREATE INDEX CONCURRENTLY "OutgoingRequest_lane_idx" ON "OutgoingRequest"
  ((CASE WHEN "attempts" > 0 OR "externalDatabaseId" IS NOT NULL THEN 'retry' ELSE "kind" END), "notBefore")
  WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL AND "flowControlKey" IS NULL;

CREATE INDEX CONCURRENTLY "OutgoingRequest_waitingFlow_idx" ON "OutgoingRequest" ("flowControlKey", "notBefore")
  WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL AND "flowControlKey" IS NOT NULL;

DROP INDEX CONCURRENTLY IF EXISTS "OutgoingRequest_due_idx";
