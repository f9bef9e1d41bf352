-- Which projects have waited for a change for longest: kept, since it takes a look into the indexes of every tracked table.
-- compatibility: safe

-- Tenancies that are not fresh and lack a change that was made, as of the last sample, some ten seconds ago.
CREATE TABLE "TenancyLag" (
  -- No foreign key: what is gone is removed with the next sample, and deleting a project waits for none.
  "tenancyId" uuid PRIMARY KEY,
  -- Smaller: older. The number of the oldest change that has not arrived; while that has none, 2^62, which no number reaches,
  -- plus the milliseconds since 1970 at which it had begun to wait for one.
  "oldest"    bigint NOT NULL
);
CREATE INDEX "TenancyLag_oldest_idx" ON "TenancyLag" ("oldest", "tenancyId");
