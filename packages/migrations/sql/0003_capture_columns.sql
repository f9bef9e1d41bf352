-- Capture: the columns of tracked tables.
-- Generated from the mappings in packages/sync by `npm run generate:capture`; do not edit.
-- compatibility: safe

ALTER TABLE "ProjectUser"
  ADD COLUMN IF NOT EXISTS "sequenceId" bigint,
  ADD COLUMN IF NOT EXISTS "shouldUpdateSequenceId" boolean NOT NULL DEFAULT true;

ALTER TABLE "ContactChannel"
  ADD COLUMN IF NOT EXISTS "sequenceId" bigint,
  ADD COLUMN IF NOT EXISTS "shouldUpdateSequenceId" boolean NOT NULL DEFAULT true;

ALTER TABLE "Team"
  ADD COLUMN IF NOT EXISTS "sequenceId" bigint,
  ADD COLUMN IF NOT EXISTS "shouldUpdateSequenceId" boolean NOT NULL DEFAULT true;

ALTER TABLE "TeamMember"
  ADD COLUMN IF NOT EXISTS "sequenceId" bigint,
  ADD COLUMN IF NOT EXISTS "shouldUpdateSequenceId" boolean NOT NULL DEFAULT true;
