-- Capture: the indexes of tracked tables.
-- Generated from the mappings in packages/sync by `npm run generate:capture`; do not edit.
-- compatibility: safe
-- transaction: none

CREATE INDEX CONCURRENTLY IF NOT EXISTS "ProjectUser_sequenceId_idx" ON "ProjectUser" ("tenancyId", "sequenceId") WHERE "sequenceId" IS NOT NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS "ProjectUser_flagged_idx" ON "ProjectUser" ("tenancyId") WHERE "shouldUpdateSequenceId";

CREATE INDEX CONCURRENTLY IF NOT EXISTS "ContactChannel_sequenceId_idx" ON "ContactChannel" ("tenancyId", "sequenceId") WHERE "sequenceId" IS NOT NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS "ContactChannel_flagged_idx" ON "ContactChannel" ("tenancyId") WHERE "shouldUpdateSequenceId";

CREATE INDEX CONCURRENTLY IF NOT EXISTS "Team_sequenceId_idx" ON "Team" ("tenancyId", "sequenceId") WHERE "sequenceId" IS NOT NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS "Team_flagged_idx" ON "Team" ("tenancyId") WHERE "shouldUpdateSequenceId";

CREATE INDEX CONCURRENTLY IF NOT EXISTS "TeamMember_sequenceId_idx" ON "TeamMember" ("tenancyId", "sequenceId") WHERE "sequenceId" IS NOT NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS "TeamMember_flagged_idx" ON "TeamMember" ("tenancyId") WHERE "shouldUpdateSequenceId";
