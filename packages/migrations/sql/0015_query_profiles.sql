-- Query profiles: what the statements of each mapping cost when somebody looked, so that a regression shows.
-- compatibility: safe

-- One statement of one run. No values of rows and no text of statements: measures, shapes of plans, names of objects.
CREATE TABLE "QueryProfile" (
  "id"                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- All statements of one mapping that were looked at together.
  "runId"              uuid NOT NULL,
  "tenancyId"          uuid NOT NULL,
  "externalDatabaseId" text NOT NULL,
  "mapping"            text NOT NULL,
  "statement"          text NOT NULL CHECK ("statement" IN ('fetch', 'sequencing', 'apply')),
  "at"                 timestamptz NOT NULL DEFAULT clock_timestamp(),
  "outcome"            text NOT NULL CHECK ("outcome" IN ('measured', 'failed', 'skipped')),
  -- The rest of the profile, as it was answered.
  "profile"            jsonb NOT NULL,
  FOREIGN KEY ("tenancyId", "externalDatabaseId") REFERENCES "ExternalDatabase" ("tenancyId", "id") ON DELETE CASCADE
);
CREATE INDEX "QueryProfile_statement_idx" ON "QueryProfile" ("tenancyId", "externalDatabaseId", "mapping", "statement", "at");
