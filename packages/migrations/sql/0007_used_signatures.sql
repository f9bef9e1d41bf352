-- Requests to the sync engine that were accepted once. Shared by all servers: a signed request that was recorded on
-- the way cannot be used again on any of them. Rows live as long as their signature would be believed.
-- compatibility: safe

CREATE TABLE "UsedSignature" (
  "requestId" text PRIMARY KEY,
  "expiresAt" timestamptz NOT NULL
);
CREATE INDEX "UsedSignature_expiresAt_idx" ON "UsedSignature" ("expiresAt");
